---@meta http
-- Asking a web service. A check may read and never write: there are GET and HEAD, and nothing
-- else. Each call is recorded with its outcome, and a replay answers it from the record.

-- The sandbox gives a module, and nothing else, the way to ask the interpreter.
-- `ask(call, request)` returns the recorded outcome and the author's view of it.
local ask, duration = ...

---@class http
local http = {}

---@class http.Outcome
---@field status integer                the status, 404 as well as 200
---@field ok boolean                    the status is 200 to 299
---@field headers table<string, string|string[]> by name in lower case; `set-cookie` is a list
---@field body string                   all of it; more than 16 MiB is an error
---@field url string                    what was asked last, after redirects
---@field duration number               in seconds

---@class http.Failure                 what is raised when there is no whole answer
---@field code string                   "resolve", "connect", "tls", "timeout", "reset", "short"...
---@field message string
---@field target string                 the URL, or the connection and the path
---@field retryable boolean             another try may turn out otherwise

---@class http.Options
---@field connection? string            a connection of the runbook; the URL may then be a path
---@field query? table<string, string|number|boolean>
---@field headers? table<string, string|number|Secret>
---@field follow? integer               redirects that are followed (default 0)
---@field timeout? string               a duration (default 30s)

local OPTIONS = { connection = "string", query = "table", headers = "table", follow = "integer",
                  timeout = "string" }
local DEFAULT_TIMEOUT = "30s"
local FINAL = { unsent = true, tls = true, too_large = true, redirect = true, protocol = true }

local function kind(value)
  local is = type(value)
  return is == "number" and math.type(value) == "integer" and "integer" or is
end

local function a(word) return (word == "integer" and "an " or "a ") .. word end

-- A misspelt option would be an option left out: what is not known is refused.
local function options(given)
  if type(given) ~= "table" then return "options are a table" end
  for key, value in pairs(given) do
    local wanted = OPTIONS[key]
    if not wanted then
      return "unknown option '" .. tostring(key) ..
             "'; there are connection, follow, headers, query, timeout"
    elseif kind(value) ~= wanted then
      return key .. " is " .. a(kind(value)) .. ", not " .. a(wanted)
    end
  end
end

local function request(method, url, given)
  if type(url) ~= "string" then return nil, "the URL is a " .. type(url) end
  local problem = options(given)
  if problem then return nil, problem end
  local req = { method = method, url = { url }, connection = given.connection,
                follow = given.follow }
  if given.query and next(given.query) then req.query = given.query end
  if given.headers and next(given.headers) then req.headers = given.headers end
  req.timeout_us, problem = duration(given.timeout or DEFAULT_TIMEOUT)
  if problem then return nil, problem end
  return req
end

local function perform(method, url, given)
  local req, problem = request(method, url, given or {})
  local name = "http." .. method:lower()
  if problem then error(name .. ": " .. problem, 3) end
  local recorded, outcome = ask("http.request", req)
  local failed = recorded.error
  if failed then
    error({ code = failed.code, message = name .. ": " .. failed.message,
            target = (req.connection or "") .. url, retryable = not FINAL[failed.code] })
  end
  return outcome
end

---Asks for what is at a URL.
---
---    local answer = http.get("/health", {connection = "api", timeout = "5s"})
---    return answer.status == 200, "the service answers " .. answer.status
---
---Any status is an answer. That there is no whole answer (no connection, no trust, too late) is
---none: that raises an `http.Failure`, so the check that asked is unknown.
---@param url string             complete, or a path beside `connection`
---@param options? http.Options
---@return http.Outcome
function http.get(url, options)
  return perform("GET", url, options)
end

---The same without the body.
---
---    return http.head("/health", {connection = "api"}).ok
---@param url string
---@param options? http.Options
---@return http.Outcome
function http.head(url, options)
  return perform("HEAD", url, options)
end

return http
