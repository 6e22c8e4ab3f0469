---@meta check
-- Comparisons that say what they compared. One that holds gives true; one that does not is the
-- verdict "does not hold" with its operands; one without an answer (nil, NaN, a text and a
-- number) is unknown. All that was compared stays in the record of the run, up to a few KiB.

local native = ...
local quote, saw, judge = native.quote, native.saw, native.judge

---@class check
local check = {}

local ORDERED = { number = true, string = true }
local EQUAL = { number = true, string = true, boolean = true }

-- Both of one type of these, and no NaN.
local function comparable(left, right, types)
  return types[type(left)] and type(left) == type(right) and left == left and right == right
end

local function subject(what)
  if what == nil then return "" end
  if type(what) ~= "string" then error("what is compared is named by a text", 0) end
  return what .. ": "
end

-- What a database counts with more digits than a number of Lua has comes as a text (pg).
local function remedy(left, right)
  local text = type(left) == "string" and left or right
  local digits = math.type(text == left and right or left) and tostring(text):match("^%-?0*(%d*%.?%d+)$")
  digits = digits and #digits:gsub("%.", "")
  if type(left) == type(right) or not digits or digits <= 15 then return "" end
  return "; a number of " .. digits .. " digits came as a text: round it in the query, round(x, 6), or cast it to float8"
end

-- `expected` is how the right side is said where it does not hold.
local function compare(left, op, right, what, types, holds, expected)
  local name, l, r = subject(what), quote(left), quote(right)
  if not comparable(left, right, types) then
    saw(what or "", l, op, r)
    unknown(name .. l .. " can't be compared with " .. r .. remedy(left, right))
  end
  local held = holds(left, right)
  saw(what or "", l, op, r, held)
  if not held then fail(name .. l .. ", expected " .. expected .. r) end
  return true
end

local function equal(a, b) return a == b end
local function unequal(a, b) return a ~= b end
local function less(a, b) return a < b end
local function less_or_equal(a, b) return a <= b end
local function greater(a, b) return a > b end
local function greater_or_equal(a, b) return a >= b end

---Are they equal? Two numbers, two texts or two booleans; `what` names them in the message.
---
---    return check.eq(#sh.exec{"printf", "abc"}.stdout, 3, "bytes written")
---@param left any
---@param right any
---@param what? string
---@return true
function check.eq(left, right, what)
  return compare(left, "==", right, what, EQUAL, equal, "")
end

---Do they differ?
---
---    return check.ne(sh.exec{"echo", "primary"}.stdout, "replica\n", "role")
---@param left any
---@param right any
---@param what? string
---@return true
function check.ne(left, right, what)
  return compare(left, "~=", right, what, EQUAL, unequal, "not ")
end

---Is the left side less? Two numbers, or two texts by their bytes. If not, the verdict reads
---`error rate: 0.07, expected < 0.05`.
---
---    return check.lt(3 / 100, 0.05, "error rate")
---@param left number|string
---@param right number|string
---@param what? string
---@return true
function check.lt(left, right, what)
  return compare(left, "<", right, what, ORDERED, less, "< ")
end

---Is it less or equal?
---
---    return check.le(tonumber(sh.exec{"echo", "80"}.stdout), 80, "disk used, %")
---@param left number|string
---@param right number|string
---@param what? string
---@return true
function check.le(left, right, what)
  return compare(left, "<=", right, what, ORDERED, less_or_equal, "<= ")
end

---Is it greater?
---
---    return check.gt(2.5, 2, "gigabytes free")
---@param left number|string
---@param right number|string
---@param what? string
---@return true
function check.gt(left, right, what)
  return compare(left, ">", right, what, ORDERED, greater, "> ")
end

---Is it greater or equal?
---
---    return check.ge("2025-11-22", "2025-01-01", "day of the backup")
---@param left number|string
---@param right number|string
---@param what? string
---@return true
function check.ge(left, right, what)
  return compare(left, ">=", right, what, ORDERED, greater_or_equal, ">= ")
end

---Does the pattern of `re.match` match somewhere in the text?
---
---    return check.match("v1.20.3", [[^v\d+\.\d+\.\d+$]], "version")
---@param text string
---@param pattern string
---@param what? string
---@return true
function check.match(text, pattern, what)
  local name, shown = subject(what), quote(text)
  if type(text) ~= "string" then
    saw(what or "", shown, "matches", pattern)
    unknown(name .. shown .. " is no text to match " .. pattern)
  end
  local held = re.match(text, pattern) ~= nil
  saw(what or "", shown, "matches", pattern, held)
  if not held then fail(name .. shown .. ", expected a match of " .. pattern) end
  return true
end

-- What an entry comes to: its verdict and why.
local function verdict_of(name, entry)
  if type(entry) == "function" then return judge(entry) end
  local verdict, why = judge(function() return entry end)
  if verdict ~= "unknown" then saw(name, tostring(entry), "==", "true", entry) end
  return verdict, why
end

local function say(entries, total, words)
  return #entries .. " of " .. total .. " " .. words .. ": " .. table.concat(entries, "; ")
end

---Do they all hold? Every one is looked at, and all that do not are named. An entry is true or
---false, or a function that gives it (or calls other checks); with a name, or in a list.
---
---    return check.all{
---      ["three replicas"] = function() return check.eq(1 + 2, 3, "ready") end,
---      ["root is there"] = sh.exec{"test", "-d", "/"}.ok,
---    }
---
---One that does not hold decides; else one that is unknown does. A name whose value is nil is a
---name that Lua's table does not have: where a value may be missing, write a function.
---@param entries table<string|integer, boolean|fun(): boolean, string?>
---@return true
function check.all(entries)
  if type(entries) ~= "table" then error("check.all: takes a table, not a " .. type(entries), 2) end
  local total, last, wrong, open = 0, 0, {}, {}
  for key, entry in pairs(entries) do
    local name = type(key) == "string" and key or "#" .. key
    local verdict, why = verdict_of(name, entry)
    total = total + 1
    if math.type(key) and key ~= total then last = key end
    local line = why and name .. ": " .. why or name
    if verdict == "fails" then
      wrong[#wrong + 1] = line
    elseif verdict == "unknown" then
      open[#open + 1] = line
    end
  end
  if #wrong > 0 then fail(say(wrong, total, "do not hold")) end
  if #open > 0 then unknown(say(open, total, "are unknown")) end
  if last > 0 then unknown("there is nothing (nil) before entry #" .. last) end
  if total == 0 then unknown("check.all: there is nothing to check") end
  return true
end

return check
