---@meta re
-- Regular expressions as Perl has them (PCRE2), reading UTF-8. `\d`, `\s` and `\w` are those of
-- ASCII; `\p{L}` is any letter. Positions are those of bytes, as in Lua's own `string`. A pattern
-- has at most 4096 bytes. One that takes more steps or memory than it may is given up: the check
-- is unknown, and the limit is named.

local native = ...

---@class re
local re = {}

---The first match of the pattern in the subject, or nil. `[0]` is all of it, `[1]` and on are
---its groups, and a group with a name is there by its name too; one that took no part is nil.
---
---    local found = re.match("release v1.20-rc1", [[v(?<major>\d+)\.(?<minor>\d+)]])
---    return found.major == "1" and found[2] == "20" and found[0] == "v1.20"
---@param subject string
---@param pattern string
---@return { [integer]: string, [string]: string }?
function re.match(subject, pattern)
  return native.match(subject, pattern)
end

---Where the first match begins and ends, or nil.
---
---    local first, last = re.find("exit code 17", [[\d+]])
---    return first == 11 and last == 12
---@param subject string
---@param pattern string
---@return integer? first
---@return integer? last
function re.find(subject, pattern)
  return native.find(subject, pattern)
end

---The subject with every match replaced, and how many there were. In the replacement `$0` is the
---match, `$1` a group, `${name}` one with a name, and `$$` a dollar.
---
---    local dates, count = re.gsub("on 22.11.2025", [[(\d+)\.(\d+)\.(\d+)]], "$3-$2-$1")
---    return dates == "on 2025-11-22" and count == 1
---@param subject string
---@param pattern string
---@param replacement string
---@return string
---@return integer count
function re.gsub(subject, pattern, replacement)
  return native.gsub(subject, pattern, replacement)
end

return re
