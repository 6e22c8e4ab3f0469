---@meta prom
-- Asking a Prometheus server, over a connection of the type prometheus. Each call is recorded with the
-- whole answer, and a replay answers it from the record.
--
-- No answer, one that is not of its interface or that the server itself warns of (a part of its data is
-- missing), and a question that it refuses raise a `prom.Failure`, so that the check that asked is unknown.

-- The sandbox gives a module, and nothing else, the way to ask the interpreter.
-- `ask(call, request)` returns the recorded outcome and the author's view of it.
local ask, duration = ...

---@class prom
local prom = {}

---@class prom.Sample
---@field labels table<string, string>  the name of the metric is `__name__`
---@field value number
---@field time integer                  what `time` works with

---@class prom.Series
---@field labels table<string, string>
---@field values number[]               from the oldest to the newest
---@field times integer[]               of each value

---@class prom.Alert
---@field name string
---@field state "pending"|"firing"
---@field labels table<string, string>
---@field annotations table<string, string>
---@field since integer                 what `time` works with

---@class prom.Failure                  what is raised when there is no answer
---@field code string                   "refused", "status", "protocol", "partial", "no_data", "many", "no_number", "no_rule", "rule", or one of `http.Failure`
---@field message string
---@field target string                 the connection
---@field retryable boolean             another try may turn out otherwise

---@class prom.Options
---@field time? integer|string          of the question, instead of now
---@field timeout? string               a duration (default 30s)

---@class prom.QueryOptions: prom.Options
---@field nan? boolean                  true: values that are NaN or infinite are given as well

---@class prom.RangeOptions
---@field last? string                  a duration: from so long ago until now
---@field from? integer|string          instead of `last`
---@field to? integer|string            with `from` (default now)
---@field step? string                  a duration between two values (default 1m)
---@field nan? boolean                  true: values that are NaN or infinite are given as well
---@field timeout? string               a duration (default 30s)

---@class prom.AlertOptions
---@field state? "pending"|"firing"     default both
---@field name? string                  of a rule, which there has to be
---@field labels? table<string, string> that an alert has
---@field timeout? string               a duration (default 30s)

local DEFAULT_TIMEOUT = "30s"
local FINAL = { unsent = true, tls = true, too_large = true, redirect = true, protocol = true }
-- Kinds of errors of Prometheus that say nothing of the question.
local AGAIN = { timeout = true, canceled = true, unavailable = true, internal = true }
local NUMBERS = { NaN = 0 / 0, ["+Inf"] = math.huge, ["-Inf"] = -math.huge }

local function misuse(call, problem) error(call.name .. ": " .. problem, 0) end

local function raise(call, code, message, retryable)
  error({ code = code, message = call.name .. ": " .. message, target = call.connection,
          retryable = retryable or false })
end

-- Begins a call of this name, which asks `promql`, if any. A misspelt option would be an option left out: what is not known is refused.
local function begin(name, connection, options, known, promql)
  local call = { name = name, connection = connection, promql = promql }
  if type(connection) ~= "string" then misuse(call, "the connection is a " .. type(connection)) end
  if options ~= nil and type(options) ~= "table" then misuse(call, "options are a table") end
  call.options = options or {}
  for key, value in pairs(call.options) do
    local wanted = known[key]
    if not wanted then
      local names = {}
      for there in pairs(known) do names[#names + 1] = there end
      misuse(call, "unknown option '" .. tostring(key) .. "'; there are " .. table.concat(names, ", "))
    elseif not wanted:find(type(value), 1, true) then
      misuse(call, key .. " is a " .. type(value) .. ", not a " .. wanted)
    end
  end
  return call
end

-- The `data` of an answer. All that is not an answer is raised.
local function answer(call, request, path, query)
  local timeout, problem = duration(call.options.timeout or DEFAULT_TIMEOUT)
  if problem then misuse(call, problem) end
  local recorded, outcome = ask(request, { method = "GET", url = { path }, query = query,
                                           connection = call.connection, timeout_us = timeout })
  local failed = recorded.error
  if failed then raise(call, failed.code, failed.message, not FINAL[failed.code]) end
  local good, reply = pcall(json.decode, outcome.body)
  local known = good and type(reply) == "table"
  if known and reply.status == "error" and type(reply.error) == "string" then
    raise(call, "refused", reply.error, AGAIN[reply.errorType])
  elseif outcome.status ~= 200 then
    raise(call, "status", "the server answers " .. outcome.status, outcome.status >= 500)
  elseif not known or reply.status ~= "success" or type(reply.data) ~= "table" then
    raise(call, "protocol", "what answers is not the interface of Prometheus")
  end
  local warning = type(reply.warnings) == "table" and reply.warnings[1]
  if warning then raise(call, "partial", "the server warns: " .. tostring(warning), true) end
  return reply.data
end

-- A pair of time and text, as Prometheus has it. NaN is neither less nor more than anything, so that whoever
-- looks for what is too much would find that nothing is.
local function sample(call, pair)
  local at = type(pair) == "table" and pair[1]
  local text = type(pair) == "table" and pair[2]
  local value = type(text) == "string" and (NUMBERS[text] or tonumber(text))
  if type(at) ~= "number" or not value then
    raise(call, "protocol", "a value in the answer is no number")
  end
  if (value ~= value or math.abs(value) == math.huge) and not call.options.nan then
    raise(call, "no_number", "the value of " .. call.promql .. " is " ..
              (value ~= value and "NaN" or "infinite"), true)
  end
  return value, math.floor(at)
end

local function map(call, value)
  if type(value) ~= "table" then raise(call, "protocol", "labels are missing in the answer") end
  return value
end

-- What has other keys than 1, 2, 3... is no list, and must not be taken for an empty one.
local function list(call, value)
  local good, count = type(value) == "table", 0
  for key in pairs(good and value or {}) do
    count = count + 1
    good = good and math.type(key) == "integer"
  end
  if not good or count ~= #value then
    raise(call, "protocol", "a list is missing in the answer")
  end
  return value
end

local function vector(call)
  local promql = call.promql
  if type(promql) ~= "string" then misuse(call, "the question is a " .. type(promql)) end
  local query = { query = promql }
  if call.options.time ~= nil then query.time = time.format(call.options.time) end
  local data = answer(call, "prom.query", "/api/v1/query", query)
  if data.resultType == "scalar" then
    local value, at = sample(call, data.result)
    return { { labels = {}, value = value, time = at } }
  elseif data.resultType ~= "vector" then
    raise(call, "refused", "it gives a " .. tostring(data.resultType) .. ", and no value for now")
  end
  local samples = {}
  for i, one in ipairs(list(call, data.result)) do
    if one.histogram then raise(call, "refused", "it gives histograms, and no numbers") end
    local value, at = sample(call, one.value)
    samples[i] = { labels = map(call, one.metric), value = value, time = at }
  end
  return samples
end

---What a question in PromQL gives now: a list, which may be empty.
---
---    local down = prom.query("metrics", "up == 0")
---    if #down > 0 then fail(down[1].labels.instance .. " is down") end
---    return prom.value("metrics", "count(up)") > 0
---
---A value that is NaN or infinite raises an error, as for `prom.value`, unless `nan = true` asks for it: to
---compare it is then up to you (`check.lt` and its like are unknown of NaN). Histograms, texts and ranges are refused.
---@param connection string      a connection of the runbook, of the type prometheus
---@param promql string
---@param options? prom.QueryOptions
---@return prom.Sample[]
function prom.query(connection, promql, options)
  return vector(begin("prom.query", connection, options,
                      { nan = "boolean", time = "number|string", timeout = "string" }, promql))
end

---The one number that a question in PromQL gives now.
---
---    return prom.value("metrics", "sum(up) / count(up)") >= 0.5, "half of it is down"
---
---No data is not 0: that raises an error, as more than one number, NaN and an infinite one do, and
---the check is unknown.
---@param connection string      a connection of the runbook, of the type prometheus
---@param promql string
---@param options? prom.Options
---@return number
function prom.value(connection, promql, options)
  local call = begin("prom.value", connection, options,
                     { time = "number|string", timeout = "string" }, promql)
  local samples = vector(call)
  if #samples == 0 then raise(call, "no_data", "there is no data for " .. promql, true) end
  if #samples > 1 then
    raise(call, "many", #samples .. " series instead of one number for " .. promql)
  end
  return samples[1].value
end

-- Where a range begins and ends.
local function ends(call)
  local options = call.options
  if (options.last == nil) == (options.from == nil) then
    misuse(call, "it takes either last, as \"30m\", or from")
  elseif options.last and options.to then
    misuse(call, "last goes until now: to goes with from")
  end
  local to = options.to or time.now()
  return time.format(options.from or time.add(to, "-" .. options.last)), time.format(to)
end

---What a question in PromQL gave over some time: a list, which may be empty.
---
---    local up = prom.range("metrics", "up", {last = "30m", step = "15s"})
---    if #up == 0 then unknown("there is no data") end
---    return math.min(table.unpack(up[1].values)) == 1, "it was down"
---
---A series has a value for each step at which there was one: gaps are left out, and can be seen by
---`times`. A value that is NaN or infinite raises an error, unless `nan = true` asks for it.
---@param connection string      a connection of the runbook, of the type prometheus
---@param promql string
---@param options prom.RangeOptions
---@return prom.Series[]
function prom.range(connection, promql, options)
  local call = begin("prom.range", connection, options,
                     { from = "number|string", last = "string", nan = "boolean", step = "string",
                       timeout = "string", to = "number|string" }, promql)
  if type(promql) ~= "string" then misuse(call, "the question is a " .. type(promql)) end
  local from, to = ends(call)
  local data = answer(call, "prom.range", "/api/v1/query_range",
                        { query = promql, start = from, ["end"] = to,
                          step = tostring(time.seconds(call.options.step or "1m")) })
  local series = {}
  if data.resultType ~= "matrix" then raise(call, "protocol", "what it gives is no range") end
  for i, one in ipairs(list(call, data.result)) do
    local values, times = {}, {}
    if one.histograms then raise(call, "refused", "it gives histograms, and no numbers") end
    for k, pair in ipairs(list(call, one.values)) do values[k], times[k] = sample(call, pair) end
    series[i] = { labels = map(call, one.metric), values = values, times = times }
  end
  return series
end

-- The alerting rules that are meant, each with its alerts.
local function rules(call)
  local found, name = {}, call.options.name
  local data = answer(call, "prom.alerts", "/api/v1/rules", { type = "alert" })
  for _, group in ipairs(list(call, data.groups)) do
    for _, rule in ipairs(list(call, group.rules)) do
      if rule.type == "alerting" and (not name or rule.name == name) then
        found[#found + 1] = rule
      end
    end
  end
  if #found == 0 then
    raise(call, "no_rule", name and "there is no alerting rule " .. name or
              "the server has no alerting rule, so that no alert says nothing")
  end
  return found
end

local function matches(alert, options)
  for label, value in pairs(options.labels or {}) do
    if alert.labels[label] ~= value then return false end
  end
  return not options.state or alert.state == options.state
end

---The alerts there are: a list, which is empty when none of the rules has a reason.
---
---    local firing = prom.alerts("metrics", {state = "firing", labels = {severity = "critical"}})
---    return #firing == 0, #firing .. " alerts are firing"
---
---That there is no alerting rule (with `name`: none of this name), or that one could not be evaluated, is
---an error: no alert would then mean nothing.
---@param connection string      a connection of the runbook, of the type prometheus
---@param options? prom.AlertOptions
---@return prom.Alert[]
function prom.alerts(connection, options)
  local call = begin("prom.alerts", connection, options,
                     { labels = "table", name = "string", state = "string", timeout = "string" })
  local state = call.options.state
  if state and state ~= "firing" and state ~= "pending" then
    misuse(call, "state is \"firing\" or \"pending\"")
  end
  -- One that no alert can have would make every alert disappear.
  for label, value in pairs(call.options.labels or {}) do
    if type(label) ~= "string" or type(value) ~= "string" then
      misuse(call, "labels are texts by name, as {severity = \"critical\"}")
    end
  end
  local alerts = {}
  for _, rule in ipairs(rules(call)) do
    if rule.health ~= "ok" then
      raise(call, "rule", "the rule " .. tostring(rule.name) .. " was not evaluated: " ..
                tostring(rule.lastError or rule.health), true)
    end
    for _, alert in ipairs(list(call, rule.alerts)) do
      map(call, alert.labels)
      if matches(alert, call.options) then
        alerts[#alerts + 1] = { name = rule.name, state = alert.state, labels = alert.labels,
                                annotations = alert.annotations, since = time.parse(alert.activeAt) }
      end
    end
  end
  return alerts
end

return prom
