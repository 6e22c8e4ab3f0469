---@meta time
-- Points in time and spans between them. A point is a whole number of seconds since 1970 in UTC, a
-- fraction is cut off; a span is a number of seconds. So both are compared and subtracted as numbers.
-- The clock is asked by `time.now` and `time.since` alone: each reading is recorded, and a replay gets
-- it from the record. There is no calendar but that of ISO 8601: a month has no length, so spans go up to days.
-- Zones are those of the tzdata of this machine, which `time.at` and `time.window` ask: what they are answered is
-- recorded as well, with the digest of the zone's file, so that a replay on another machine is the same.

local native, ask, duration = ...

---@class time
local time = {}

-- A span without its sign as seconds, or nil.
local function seconds_of(text)
  local us = native.span(text)
  if not us then return nil end
  return us % 1000000 == 0 and us // 1000000 or us / 1000000
end

-- A point as whole seconds, or nil and what is wrong.
local function point(value)
  if type(value) == "string" then
    local day = value:match("^%d%d%d%d%-%d%d%-%d%d$")
    local date, clock, zone = value:match("^(%d%d%d%d%-%d%d%-%d%d)[Tt ](%d%d:%d%d:%d%d)(.*)$")
    if day then date, clock, zone = day, "00:00:00", "Z" end
    if not date then return nil, "'" .. value .. "' is no time as 2025-11-22T23:01:07Z" end
    zone = zone:gsub("^%.%d+", ""):gsub("^z$", "Z"):gsub("^([+-]%d%d)$", "%1:00")
      :gsub("^([+-]%d%d)(%d%d)$", "%1:%2")
    if zone == "" then return nil, "'" .. value .. "' has no zone: UTC is said by a Z" end
    local seconds = native.parse(date .. "T" .. clock .. zone)
    if not seconds then return nil, "there is no such time as '" .. value .. "'" end
    return seconds
  end
  if type(value) ~= "number" or value ~= value or value < -1e12 or value > 1e12 then
    return nil, "a " .. type(value) .. " is no time"
  end
  return math.floor(value)
end

local function need(name, value, problem)
  if value == nil then error("time." .. name .. ": " .. problem, 0) end
  return value
end

---What the clock of this machine says.
---
---    return check.gt(time.now(), time.parse("2025-01-01"), "the clock, s")
---@return integer
function time.now()
  return native.parse(ask("time.now", { clock = "utc" }).now)
end

---The point in time that a text names: ISO 8601 with a zone (`Z`, `+01`, `+01:00`, `+0100`), as RFC 3339
---and PostgreSQL write it, or a date, which is its midnight in UTC.
---
---    return time.parse("2025-11-22T23:01:07Z") == 1763852467
---      and time.parse("2025-11-23 00:01:07.104+01") == time.parse("2025-11-22T23:01:07Z")
---      and time.parse("2025-11-22") == 1763769600
---
---Anything else is an error: another form, a time without a zone, a day that there is not.
---@param text string
---@return integer
function time.parse(text)
  if type(text) ~= "string" then error("time.parse: a " .. type(text) .. " is no text", 0) end
  return need("parse", point(text))
end

---The text of a point in time, in UTC.
---
---    return time.format(1763852467) == "2025-11-22T23:01:07Z"
---@param t integer|string
---@return string
function time.format(t)
  return need("format", native.format(need("format", point(t))), "the years are 0001 to 9999")
end

---How long a duration of the language is, in seconds.
---
---    return time.seconds("1h30m") == 5400 and time.seconds("500ms") == 0.5
---@param span string        as in `timeout`: "90s", "1h30m", "2d"
---@return number
function time.seconds(span)
  local seconds = type(span) == "string" and seconds_of(span) or nil
  return need("seconds", seconds, "it takes a duration, as \"10s\" or \"1m30s\"")
end

---A point in time, so much later, or earlier: with a sign, "-48h".
---
---    local start = time.parse("2025-11-24T10:00:00Z")
---    return time.format(time.add(start, "-48h")) == "2025-11-22T10:00:00Z"
---@param t integer|string
---@param span string        a duration, which may have a sign; whole seconds
---@return integer
function time.add(t, span)
  local base = need("add", point(t))
  local sign, text = tostring(span):match("^([+-]?)(.*)$")
  local seconds = type(span) == "string" and seconds_of(text) or nil
  if math.type(seconds) ~= "integer" then
    error("time.add: it takes a duration of whole seconds, as \"48h\" or \"-48h\"", 0)
  end
  return sign == "-" and base - seconds or base + seconds
end

---How many seconds ago that was; less than 0 when it is still to come.
---
---    return check.gt(time.since("2025-01-01T00:00:00Z"), time.seconds("24h"), "age, s")
---@param t integer|string
---@return integer
function time.since(t)
  return time.now() - need("since", point(t))
end

-- What the calendar of a zone says, by a process that looks at its data.
local function look(name, req)
  req.now = time.now()
  req.timeout_us = duration("10s")
  local recorded, outcome = ask(name, req)
  if recorded.killed then error(name .. ": it took too long", 0) end
  if recorded.exit ~= 0 then
    error(name .. ": the look failed: " ..
          (recorded.what or recorded.spawn_error or recorded.signal or outcome.stderr), 0)
  end
  local seen = json.decode(outcome.stdout)
  if seen.error then error(name .. ": " .. seen.error.message, 0) end
  return seen
end

---The point in time at which a clock in a time zone shows this: a date and a time, or a time of day, which is
---then the next one there is.
---
---    local evening = time.at("22:00", "Europe/Berlin")
---    return evening >= time.now() and time.at("2025-07-01T12:00", "UTC") == time.parse("2025-07-01T12:00:00Z")
---
---A clock that is set forth does not show some times: they are then when it is set. One that is set back shows some
---twice: the first one counts.
---@param text string        "22:00", "2025-11-24T10:00:00", without a zone
---@param zone string        as tzdata names it: "Europe/Berlin"
---@return integer
function time.at(text, zone)
  if type(text) ~= "string" or type(zone) ~= "string" then
    error("time.at: it takes a time and the name of a zone, as \"22:00\", \"Europe/Berlin\"", 0)
  end
  return look("time.at", { at = text, tz = zone }).at
end

---@class time.Window
---@field days? integer[]    1 is Monday (default: all)
---@field from? string       "09:00" (default "00:00")
---@field to? string         "16:00"; before `from`, it is one of the next day (default "24:00")
---@field tz string          as tzdata names it: "Europe/Berlin"
---@field except? string[]   dates: "2025-12-24"

---@class time.State
---@field open boolean
---@field since integer      it has been so since then; nil: for more than two years
---@field until integer      and will be so up to then; `until` is a word of Lua: state["until"]

---Whether a window is open now, and for how long, as `window:` of a runbook has it.
---
---    local state = time.window{days = {1, 2, 3, 4, 5, 6, 7}, from = "00:00", to = "24:00", tz = "Europe/Berlin"}
---    return state.open and state["until"] == nil
---@param window time.Window
---@return time.State
function time.window(window)
  local req = { days = {}, except = {}, from = window.from or "00:00", to = window.to or "24:00", tz = window.tz }
  for i, day in ipairs(window.days or { 1, 2, 3, 4, 5, 6, 7 }) do req.days[i] = day end
  for i, date in ipairs(window.except or {}) do req.except[i] = date end
  if type(req.tz) ~= "string" then error("time.window: it has no tz", 0) end
  local seen = look("time.window", req)
  return { open = seen.open, since = seen.since, ["until"] = seen["until"] }
end

return time
