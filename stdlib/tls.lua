---@meta tls
-- Looking at the certificate of a service. It is recorded with what was shown, and a replay answers it from
-- the record.
--
-- A certificate that is not to be trusted is an answer: expired, not yet valid, for another name, of
-- somebody unknown. That there is no connection or no handshake raises a `tls.Failure`, so that the check
-- that asked is unknown.

-- The sandbox gives a module, and nothing else, the way to ask the interpreter.
-- `ask(call, request)` returns the recorded outcome and the author's view of it.
local ask, duration = ...

---@class tls
local tls = {}

---@class tls.Certificate
---@field subject string                "CN = api.dcmms.io"
---@field issuer string
---@field serial string
---@field not_before integer            what `time` works with
---@field not_after integer
---@field days_left integer             whole days until `not_after`; less than 0: it has expired
---@field names string[]                names and addresses that it is for

---@class tls.Peer: tls.Certificate     the certificate of the service itself
---@field verified boolean              somebody who is trusted vouches for it, and it is for this name
---@field error string                  why it is not; else nil
---@field chain tls.Certificate[]       all that were shown, its own first

---@class tls.Failure                   what is raised when there is no handshake
---@field code string                   "resolve", "connect", "tls", "timeout", "reset"...
---@field message string
---@field target string                 host and port
---@field retryable boolean             another try may turn out otherwise

---@class tls.Options
---@field port? integer                 default 443
---@field servername? string            the name that is asked for and has to be vouched for (default the host)
---@field ca? string                    a PEM file of who is trusted, instead of those whom the machine trusts
---@field timeout? string               a duration (default 10s)

local DEFAULT_TIMEOUT, DAY = "10s", 86400
local OPTIONS = { ca = "string", port = "integer", servername = "string", timeout = "string" }
local FINAL = { unsent = true, tls = true, protocol = true }

local function misuse(problem) error("tls.connect: " .. problem, 0) end

local function a(word) return (word == "integer" and "an " or "a ") .. word end

-- A misspelt option would be an option left out: what is not known is refused.
local function request(host, options)
  if type(host) ~= "string" then misuse("the host is a " .. type(host)) end
  if type(options) ~= "table" then misuse("options are a table") end
  local req, problem = { host = host, port = 443 }, nil
  for key, value in pairs(options) do
    local kind = math.type(value) == "integer" and "integer" or type(value)
    if not OPTIONS[key] then
      misuse("unknown option '" .. tostring(key) .. "'; there are ca, port, servername, timeout")
    elseif kind ~= OPTIONS[key] then
      misuse(key .. " is " .. a(kind) .. ", not " .. a(OPTIONS[key]))
    end
    req[key] = value
  end
  req.timeout = nil
  req.timeout_us, problem = duration(options.timeout or DEFAULT_TIMEOUT)
  if problem then misuse(problem) end
  return req
end

local function certificate(shown, at)
  local names = {}
  for i, name in ipairs(shown.names) do names[i] = name end
  return { subject = shown.subject, issuer = shown.issuer, serial = shown.serial, names = names,
           not_before = shown.not_before, not_after = shown.not_after,
           days_left = shown.not_after and (shown.not_after - at) // DAY }
end

---Makes a connection by TLS, and says whom it leads to. Nothing is sent over it.
---
---    local shown = tls.connect("localhost", {port = params.tls_port, ca = params.ca})
---    return check.all{
---      trusted = function() return shown.verified, shown.error end,
---      time = function() return check.gt(shown.days_left, 30, "days left") end,
---    }
---
---When it is not trusted a second handshake, which trusts whoever is there, tells what was shown.
---A protocol that begins without TLS (STARTTLS) is not spoken.
---@param host string            a name or an address
---@param options? tls.Options
---@return tls.Peer
function tls.connect(host, options)
  local req = request(host, options or {})
  local recorded = ask("tls.connect", req)
  local failed, seen = recorded.error, recorded.peer
  if not failed and #seen.certificates == 0 then
    failed = { code = "tls", message = host .. " shows no certificate" }
  end
  if failed then
    error({ code = failed.code, message = "tls.connect: " .. failed.message,
            target = host .. ":" .. req.port, retryable = not FINAL[failed.code] })
  end
  local chain = {}
  for i, shown in ipairs(seen.certificates) do chain[i] = certificate(shown, seen.at) end
  local peer = certificate(seen.certificates[1], seen.at)
  peer.verified, peer.error, peer.chain = seen.verified, seen.error, chain
  return peer
end

return tls
