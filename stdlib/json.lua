---@meta json
-- JSON texts and the values they stand for.

local native = ...

---@class json
local json = {}

---What JSON's `null` is as a member. It is a value, not nil: it counts as true.
---@type userdata
json.null = native.null

---The value of a JSON text. Objects and lists become tables, integers stay integers, and null is
---`json.null`.
---
---    local health = json.decode('{"status": "up", "replicas": 3, "leader": null}')
---    return health.replicas == 3 and health.leader == json.null
---
---What is not JSON, names a member twice, is nested more than 48 deep or has more than 8 MiB is
---an error that names the place. So is an integer beyond 64 bits, which as a float would be equal
---to others near it: it has to come as a text.
---@param text string
---@return any
function json.decode(text)
  return native.decode(text)
end

---The JSON text of a value: sorted members, no spaces, the same bytes for the same value. A float
---keeps its point; an empty table is a list, unless `json.decode` made it of an object.
---
---    return json.encode{ready = true, ports = {80, 443}, ratio = 2.0}
---      == '{"ports":[80,443],"ratio":2.0,"ready":true}'
---
---A function, NaN, a table with a hole or in itself, and a text that is not UTF-8 are errors.
---@param value any
---@return string
function json.encode(value)
  return native.encode(value)
end

return json
