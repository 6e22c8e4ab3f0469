---@meta fs
-- Looking at files of the machine that the run is on. A relative path is one from where the run was started.
-- Each look is a process of its own, which is ended when it takes too long: a mount whose server is gone
-- does not hold up the run. It is recorded with its outcome, and a replay answers it from the record.
--
-- That there is nothing at a path is an answer, `exists` is then false and the rest nil. That nobody may
-- look, or that it takes too long, raises an `fs.Failure`, so that the check that asked is unknown.

-- The sandbox gives a module, and nothing else, the way to ask the interpreter.
-- `ask(call, request)` returns the recorded outcome and the author's view of it.
local ask, duration = ...

---@class fs
local fs = {}

---@class fs.Stat
---@field exists boolean
---@field type "file"|"directory"|"fifo"|"socket"|"device"
---@field size integer                  in bytes
---@field modified integer              what `time` works with
---@field mode string                   "0644"
---@field uid integer
---@field gid integer

---@class fs.Content
---@field exists boolean
---@field text string                   secrets are taken out of it
---@field size integer                  of the file, in bytes
---@field cut boolean                   there is more than `text`

---@class fs.Free
---@field exists boolean
---@field bytes integer                 that are free, to whoever is not root
---@field percent number                of the same; with `df`'s use it makes 100
---@field total integer                 bytes of the file system
---@field inodes integer                that are free
---@field inodes_percent number         nil where there is no number of them
---@field read_only boolean

---@class fs.Entry
---@field name string
---@field type "file"|"directory"|"link"|"fifo"|"socket"|"device"
---@field size integer
---@field modified integer              what `time` works with

---@class fs.List
---@field exists boolean
---@field entries fs.Entry[]            by name, without `.` and `..`
---@field newest fs.Entry               of the entries that are files, the one modified last; nil: there is none

---@class fs.Failure                    what is raised when there is no answer
---@field code string                   "denied", "kind" (no regular file, no directory), "too_large", "io", "timeout"...
---@field message string
---@field target string                 the path
---@field retryable boolean             another try may turn out otherwise

---@class fs.Options
---@field timeout? string               a duration (default 10s)

---@class fs.ReadOptions
---@field max_bytes? integer            more is an error (default 1 MiB, at most 8 MiB)
---@field cut? boolean                  no error then: `text` has the first `max_bytes`
---@field timeout? string               a duration (default 10s)

---@class fs.ListOptions
---@field match? string                 a pattern of `re.match` that a name has to match
---@field timeout? string               a duration (default 10s)

local DEFAULT_TIMEOUT = "10s"
local READ_DEFAULT, READ_MOST = 1 << 20, 8 << 20

local function misuse(name, problem) error(name .. ": " .. problem, 0) end

-- A misspelt option would be an option left out: what is not known is refused.
local function options(name, given, known)
  if given ~= nil and type(given) ~= "table" then misuse(name, "options are a table") end
  for key, value in pairs(given or {}) do
    if not known[key] then
      local names = {}
      for there in pairs(known) do names[#names + 1] = there end
      misuse(name, "unknown option '" .. tostring(key) .. "'; there are " .. table.concat(names, ", "))
    elseif type(value) ~= known[key] then
      misuse(name, key .. " is a " .. type(value) .. ", not a " .. known[key])
    end
  end
  return given or {}
end

local function raise(name, path, code, message, retryable)
  error({ code = code, message = name .. ": " .. message, target = path,
          retryable = retryable or false })
end

-- What was seen, and the text after it. The outcome is that of the process that looked.
local function look(name, path, given, req)
  local problem
  if type(path) ~= "string" or path == "" then misuse(name, "the path is no text") end
  req.path = path
  req.timeout_us, problem = duration(given.timeout or DEFAULT_TIMEOUT)
  if problem then misuse(name, problem) end
  local recorded, outcome = ask(name, req)
  if recorded.killed then raise(name, path, "timeout", path .. ": it took too long", true) end
  if recorded.exit ~= 0 then
    raise(name, path, "io", path .. ": the look failed: " ..
          (recorded.what or recorded.spawn_error or recorded.signal or outcome.stderr), true)
  end
  local text = outcome.stdout
  local line = text:find("\n", 1, true) or 0
  local seen = json.decode(text:sub(1, line))
  local failed = seen.error
  if failed then raise(name, path, failed.code, failed.message, failed.code == "io") end
  return seen, text:sub(line + 1)
end

---What is at a path. Links are followed.
---
---    local seen = fs.stat("/etc/hostname")
---    return check.all{
---      there = seen.exists and seen.type == "file",
---      size = function() return check.gt(seen.size, 0, "bytes") end,
---      age = function() return check.ge(time.since(seen.modified), 0, "age, s") end,
---    }
---@param path string
---@param given? fs.Options
---@return fs.Stat
function fs.stat(path, given)
  return (look("fs.stat", path, options("fs.stat", given, { timeout = "string" }), {}))
end

---What is in a regular file.
---
---    local release = fs.read("/etc/os-release")
---    if not release.exists then fail("there is no os-release") end
---    return check.match(release.text, [[(?m)^ID=\w+$]], "os-release")
---
---A file with more than `max_bytes` is an error, unless `cut` says that its beginning will do. What is
---no regular file is an error.
---@param path string
---@param given? fs.ReadOptions
---@return fs.Content
function fs.read(path, given)
  local name = "fs.read"
  given = options(name, given, { cut = "boolean", max_bytes = "number", timeout = "string" })
  local most = given.max_bytes or READ_DEFAULT
  if math.type(most) ~= "integer" or most < 1 or most > READ_MOST then
    misuse(name, "max_bytes is a whole number from 1 to " .. READ_MOST)
  end
  local seen, text = look(name, path, given, { max_bytes = most, cut = given.cut or false })
  if seen.exists then seen.text = text end
  return seen
end

local function percent(part, rest)
  if part + rest > 0 then return 100 * part / (part + rest) end
end

---How much is free in the file system that a path is in.
---
---    local free = fs.free("/")
---    return check.gt(free.percent, 0, "free in /, %")
---@param path string
---@param given? fs.Options
---@return fs.Free
function fs.free(path, given)
  local seen = look("fs.free", path, options("fs.free", given, { timeout = "string" }), {})
  if not seen.exists then return seen end
  return { exists = true, bytes = seen.free, total = seen.total, inodes = seen.inodes_free,
           percent = percent(seen.free, seen.used), read_only = seen.read_only,
           inodes_percent = percent(seen.inodes_free, seen.inodes - seen.inodes_free) }
end

---What is in a directory. Links are not followed; more than 10000 entries are an error.
---
---    local backups = fs.list("/etc", {match = [[\.conf$]]})
---    local newest = backups.newest or fail("there is no backup")
---    return check.all{
---      size = function() return check.gt(newest.size, 0, "bytes of " .. newest.name) end,
---      age = function() return check.ge(time.since(newest.modified), 0, "age, s") end,
---    }
---@param path string
---@param given? fs.ListOptions
---@return fs.List
function fs.list(path, given)
  given = options("fs.list", given, { match = "string", timeout = "string" })
  local seen = look("fs.list", path, given, {})
  if not seen.exists then return seen end
  local entries, newest = {}, nil
  for _, entry in ipairs(seen.entries) do
    if not given.match or re.match(entry.name, given.match) then
      entries[#entries + 1] = entry
      if entry.type == "file" and (not newest or entry.modified >= newest.modified) then
        newest = entry
      end
    end
  end
  return { exists = true, entries = entries, newest = newest }
end

return fs
