---@meta sh
-- Looking at the world by running a program. The programs may read and never write: each call
-- is recorded with its outcome, and a replay answers it from the record.

-- The sandbox gives this module, and only this module, the way to ask the interpreter.
-- `ask(call, request)` returns the recorded outcome and the author's view of it.
local ask, duration = ...

---@class sh
local sh = {}

---@class sh.Outcome
---@field exit integer      the exit code
---@field ok boolean        the exit code is 0
---@field stdout string     all of it, with the last newline; more than 16 MiB is an error
---@field stderr string     the same

---@class sh.Failure          what is raised when there is no exit code to judge
---@field code "spawn"|"timeout"|"ended"|"signal"
---@field message string
---@field target string     the program
---@field retryable boolean another try may turn out otherwise

local OPTIONS = { timeout = true, cwd = true, env = true, stdin = true }
local DEFAULT_TIMEOUT = "30s"

local function text(value, what)
  if type(value) == "userdata" then
    return nil, what .. " is a secret, which only env and stdin can be"
  end
  if type(value) ~= "string" and math.type(value) == nil then
    return nil, what .. " is a " .. type(value) .. "; it has to be a text or a number"
  end
  local result = tostring(value)
  if result:find("\0", 1, true) then return nil, what .. " holds a NUL byte" end
  return result
end

-- The only thing here that is neither a text nor a table: where it stands the program gets the
-- value, and the record has the name.
local function text_or_secret(value, what)
  if type(value) == "userdata" then return value end
  return text(value, what)
end

local function arguments(spec)
  local argv = {}
  for i = 1, #spec do
    local argument, problem = text(spec[i], "argument " .. i)
    if problem then return nil, problem end
    argv[i] = argument
  end
  if #argv == 0 or argv[1] == "" then return nil, "names no program" end
  return argv
end

-- What a file for the program holds: one part, or a list of them, one behind the other.
local function contents(file, what)
  local parts = type(file) == "table" and file or { file }
  local list, count = {}, #parts
  for key in pairs(parts) do
    if math.type(key) ~= "integer" or key < 1 or key > count then
      return nil, what .. " is no list of texts"
    end
  end
  for i = 1, count do
    local problem
    list[i], problem = text_or_secret(parts[i], what)
    if problem then return nil, problem end
  end
  if count == 0 then return nil, what .. " is empty" end
  return { file = list }
end

-- A table is a file in memory, whose path the variable gets.
local function variable(value, what)
  if type(value) ~= "table" then return text_or_secret(value, what) end
  for key in pairs(value) do
    if key ~= "file" then return nil, what .. " is a table; it has to be a text, a secret or {file = ...}" end
  end
  return contents(value.file, what .. ".file")
end

local function environment(given)
  if type(given) ~= "table" then return nil, "env is a " .. type(given) .. ", not a table" end
  local env = {}
  for name, value in pairs(given) do
    if type(name) ~= "string" or not name:find("^[%a_][%w_]*$") then
      return nil, "env: '" .. tostring(name) .. "' is no name of a variable"
    end
    local problem
    env[name], problem = variable(value, "env." .. name)
    if problem then return nil, problem end
  end
  if next(env) then return env end
end

-- A misspelt option would be an option left out: what is not known is refused.
local function options(spec, count)
  for key in pairs(spec) do
    if math.type(key) == nil then
      if not OPTIONS[key] then
        return "unknown option '" .. key .. "'; there are cwd, env, stdin, timeout"
      end
    elseif key < 1 or key > count then
      return "argument " .. key .. " stands alone: one before it is nil"
    end
  end
end

local function request(spec)
  if type(spec) ~= "table" then return nil, "takes a table: sh.exec{\"prog\", \"argument\"}" end
  local problem = options(spec, #spec)
  if problem then return nil, problem end
  local req = {}
  req.argv, problem = arguments(spec)
  if not problem and spec.env ~= nil then req.env, problem = environment(spec.env) end
  if not problem and spec.cwd ~= nil then req.cwd, problem = text(spec.cwd, "cwd") end
  if not problem and spec.stdin ~= nil then req.stdin, problem = text_or_secret(spec.stdin, "stdin") end
  if not problem then
    req.timeout_us, problem = duration(spec.timeout or DEFAULT_TIMEOUT)
  end
  if problem then return nil, problem end
  return req
end

local function failure(outcome, req)
  local program = req.argv[1]
  local function say(code, message, retryable)
    return { code = code, message = "sh.exec: " .. message, target = program,
             retryable = retryable }
  end
  if outcome.spawn_error then
    return say("spawn", outcome.what or program .. ": " .. outcome.spawn_error, false)
  elseif outcome.killed == "timeout" then
    return say("timeout", program .. " took too long and was ended", true)
  elseif outcome.killed then
    return say("ended", program .. " was ended on request", true)
  elseif outcome.signal then
    return say("signal", program .. " died of " .. outcome.signal, true)
  end
end

---Runs one program, without a shell, and waits for its end. A shell that is the program runs the text that it is
---given, also that of a value: give it a fixed text, as in `sh.exec{"sh", "-c", 'test -e "$1"', "sh", params.file}`.
---
---    local out = sh.exec{"df", "--output=pcent", "/", timeout = "20s"}
---    return tonumber(out.stdout:match("%d+")) <= 100, "more than full"
---
---Options: `timeout` a duration (default 30s), `cwd` a folder (default that of the run), `env`
---variables in addition to those of the run, `stdin` a text (default none). A variable, and
---stdin, may be a secret: `env = {PGPASSWORD = secrets.db}`. With `{file = text}` a variable has the path of a
---file in memory; the text may be a secret or a list of both: `env = {PGPASSFILE = {file = {"*:*:*:*:", secrets.db}}}`.
---
---Any exit code is an answer. That it could not be started, was ended at its timeout or died of
---a signal is not: that raises a `sh.Failure`, so the check that asked is unknown.
---@param spec { [integer]: string|number, timeout?: string, cwd?: string, env?: table<string, string|number|Secret|table>, stdin?: string|Secret }
---@return sh.Outcome
function sh.exec(spec)
  local req, problem = request(spec)
  if problem then error("sh.exec: " .. problem, 2) end
  local recorded, outcome = ask("sh.exec", req)
  local failed = failure(recorded, req)
  if failed then error(failed) end
  return outcome
end

return sh
