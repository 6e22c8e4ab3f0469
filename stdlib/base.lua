---@meta
-- Functions that every expression has, beside those of Lua itself.

---The verdict "does not hold", with its reason; ends the check.
---
---    local used = 40
---    if used > 90 then fail("the disk is full: " .. used .. " %") end
---    return true
---@param why string
function fail(why) end

---The verdict "unknown", with its reason; ends the check. Unknown opens no gate.
---
---    local used = tonumber("40") or unknown("df gave no number")
---    return used < 90
---@param why string
function unknown(why) end

---Calls a function with these arguments and gives its results; or, if it raises an error, nil
---and the error as a table. A verdict of `fail` or `unknown`, and whatever ends an evaluation
---(its limits, a call that nobody answers), goes through it.
---
---    local out, problem = try(sh.exec, {"no-such-program"})
---    return out == nil and problem.code == "spawn" and not problem.retryable
---
---What a module raises has `code`, `message`, `target` and `retryable`; any other error has the
---code `error`.
---@generic T
---@param f fun(...): T
---@param ... any
---@return T?
---@return { code: string, message: string, retryable: boolean, target?: string }?
function try(f, ...) end

---Calls these functions side by side and gives the result of each by its key. What they ask of
---the world is asked at the same time, so that all take as long as the slowest.
---
---    local seen = parallel{
---      root = function() return sh.exec{"test", "-d", "/"}.ok end,
---      name = function() return sh.exec{"echo", "db-1"}.stdout end,
---    }
---    return seen.root and seen.name == "db-1\n"
---
---An error or a verdict in one of them is raised when all have ended; of several, that of the
---first in the order of the keys. At most 64 functions; each gives one result.
---@generic K
---@param functions table<K, fun(): any>
---@return table<K, any>
function parallel(functions) end
