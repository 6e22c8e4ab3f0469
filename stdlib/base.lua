---@meta
-- Values of the run and functions that every expression has, beside those of Lua itself.

---The parameters of the run by name, each of the type that it is declared with.
---@type table<string, any>
params = nil

---The variables of the runbook by name.
---@type table<string, any>
vars = nil

---The environment that was chosen with `-e`, or nil.
---@type string?
environment = nil

---The secrets of the runbook by name.
---@type table<string, Secret>
secrets = nil

---The steps before this one by id; `steps["check-disk"]` where the id has a `-`.
---@type table<string, Step>
steps = nil

---This run.
---@type Run
run = nil

---In `check`, `outputs` and `retry.when`: what the step's process did, or what its request or its
---statements were answered.
---@type Process|http.Outcome|pg.Outcome
result = nil

---@class Secret    a value that can be handed on, as these modules say, and has no text of its own

---@class Step
---@field status "active"|"failed"|"passed"|"pending"|"skipped"
---@field outputs table<string, any>    what it gave, by name
---@field attempts integer              how often it was tried
---@field exit? integer                 the exit code of its process
---@field stdout string
---@field stderr string

---@class Run
---@field id string
---@field operator string               who runs it
---@field started string                when it began, UTC

---@class Process: sh.Outcome           what the process of a step did
---@field duration number               in seconds
---@field exits? integer[]              of a `pipe`: the exit code of each program
---@field signal? string                what it died of
---@field killed? string                why it was ended

---The verdict "does not hold", with its reason; ends the check.
---
---    local mode = sh.exec{"echo", "rw"}.stdout
---    if mode ~= "rw\n" then fail("it is mounted " .. mode) end
---    return true
---
---Numbers are better compared by `check.le` and its like, which say what they compared, and to which NaN is unknown.
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
