---@meta pg
-- Asking a PostgreSQL database. A check may read and never write: the server is told so, and refuses
-- what writes, and what it would let through nevertheless is not sent to it (`COPY`, `DO`, `CALL`, `NOTIFY`,
-- `EXPLAIN ANALYZE`...). A function does what it does: `select pg_reload_conf()`, `pg_notify`, `lo_export`,
-- `dblink` are reading to the server. Where that must not be, give the connection a role that may do no
-- more than read. Each call is recorded with its outcome, and a replay answers it from the record.

-- The sandbox gives a module, and nothing else, the way to ask the interpreter.
-- `ask(call, request)` returns the recorded outcome and the author's view of it.
local ask, duration = ...

---@class pg
local pg = {}

---@class pg.Outcome
---@field rows integer                  how many there are
---@field value any                     the first column of the first row; null is nil, and where there is no row, to read it is an error (so: unknown)
---@field records table<string, any>[]  the rows by name of their columns; null is nil, and two columns of one name are an error
---@field ok boolean                    true: what is refused is raised
---@field duration number               in seconds

---@class pg.Failure                    what is raised when there is no result
---@field code string                   "connect", "server", "timeout", "lost"...
---@field message string
---@field sqlstate? string              of the server, as "42P01"
---@field detail? string                what it said besides: "Key (id)=(1) already exists."
---@field hint? string
---@field position? integer             where in the statement, in characters from 1
---@field target string                 the connection
---@field retryable boolean             another try may turn out otherwise

---@class pg.Options
---@field timeout? string               a duration (default 30s)
---@field lock_timeout? string          of each lock

local DEFAULT_TIMEOUT = "30s"
local AGAIN = { connect = true, lost = true, timeout = true, cancelled = true }

-- nil has no place in a list: `count` is how many parameters there are.
local function bound(params, count)
  local list = {}
  for i = 1, count do
    local value = params[i]
    local kind = type(value)
    if kind ~= "string" and kind ~= "number" and kind ~= "boolean" then
      return nil, "$" .. i .. " is a " .. kind .. "; write a null as part of the statement"
    end
    list[i] = value
  end
  return list
end

-- What sql.ident gave is not part of the text: it is quoted where the text is put together.
local function statement(text)
  if type(text) == "string" then return text end
  if type(text) ~= "table" then return nil, "the statement is a " .. type(text) end
  local parts = {}
  for i = 1, #text do
    local kind = type(text[i])
    if kind ~= "string" and kind ~= "table" then
      return nil, "part " .. i .. " of the statement is a " .. kind .. "; it is a text or sql.ident(...)"
    end
    parts[i] = kind == "string" and text[i] or { ident = text[i] }
  end
  if #parts == 0 then return nil, "the statement is empty" end
  return parts
end

local function request(connection, text, params, options)
  if type(connection) ~= "string" then return nil, "the connection is a " .. type(connection) end
  local whole, wrong = statement(text)
  if wrong then return nil, wrong end
  if type(params) ~= "table" then return nil, "the parameters are a list: {a, b}" end
  for key in pairs(options) do
    if key ~= "timeout" and key ~= "lock_timeout" then
      return nil, "unknown option '" .. tostring(key) .. "'; there are lock_timeout, timeout"
    end
  end
  local list, problem = bound(params, #params)
  if problem then return nil, problem end
  local req = { connection = connection, statements = { { text = whole } } }
  if #list > 0 then req.statements[1].params = list end
  req.timeout_us, problem = duration(options.timeout or DEFAULT_TIMEOUT)
  if not problem and options.lock_timeout then
    req.lock_timeout_us, problem = duration(options.lock_timeout)
  end
  if problem then return nil, problem end
  return req
end

---Runs one statement that reads. `$1`, `$2`... in it are the parameters, which are bound and never
---part of the text.
---
---    local open = pg.query("replica", "select count(*) from work_orders where status = $1", {"open"})
---    return open.value < 100, open.value .. " work orders are open"
---
---That there is no connection or no answer, or that the server refuses the statement, raises a
---`pg.Failure`, so the check that asked is unknown.
---@param connection string      a connection of the runbook, of the type postgres
---@param text string|(string|string[])[]  one statement, or its texts and the names between them (`sql.ident`)
---@param params? (string|number|boolean)[]
---@param options? pg.Options
---@return pg.Outcome
function pg.query(connection, text, params, options)
  local req, problem = request(connection, text, params or {}, options or {})
  if problem then error("pg.query: " .. problem, 2) end
  local recorded, outcome = ask("pg.query", req)
  local failed = recorded.error
  if failed then
    local message = "pg.query: " .. failed.message
    if failed.sqlstate then message = message .. " (" .. failed.sqlstate .. ")" end
    error({ code = failed.code, message = message, sqlstate = failed.sqlstate,
            detail = failed.detail, hint = failed.hint, position = failed.position,
            target = connection, retryable = AGAIN[failed.code] or false })
  end
  return outcome
end

return pg
