---@meta sql
-- Names in SQL text. A value can be a parameter of a statement but not a name in it, so a name says
-- that it is one and is quoted by the server's rules: whatever is in it, it is the name of a table or
-- column and nothing else.

---@class sql
local sql = {}

local function part(value, number)
  if type(value) ~= "string" then
    error("sql.ident: part " .. number .. " is a " .. type(value) .. "; a name is a text", 0)
  end
  return value
end

---A name: `sql.ident("orders")` is `"orders"`, `sql.ident("sales", "orders")` and
---`sql.ident({"sales", "orders"})` are `"sales"."orders"`. Upper and lower case count. It stands in the
---text of an `sql` step, alone in its braces, and in the list that is the text of `pg.query`.
---
---    local orders = sql.ident("public", "work_orders")
---    local kept = pg.query("replica", {"select count(*) from ", orders, " where id > $1"}, {10})
---    return check.eq(kept.value, 0, "orders after the tenth")
---@param name string|string[]     of the table, or of its schema when more follow; or all parts
---@param ... string
---@return string[]
function sql.ident(name, ...)
  local given = { name, ... }
  if type(name) == "table" and select("#", ...) == 0 then given = name end
  local parts, count = {}, given == name and #name or 1 + select("#", ...)
  for i = 1, count do parts[i] = part(given[i], i) end
  if count == 0 then error("sql.ident: a name without parts", 0) end
  return parts
end

return sql
