-- For wrk: requests with the headers in a file, in turn; prints what came of them as JSON.
local requests, next = {}, 0

function init(args)
  for line in io.lines(args[1]) do
    local name, value = line:match("^(.-)\t(.*)$")
    requests[#requests + 1] = wrk.format("GET", nil, { [name] = value })
  end
end

function request()
  next = next % #requests + 1
  return requests[next]
end

function done(summary)
  local errors = summary.errors
  local failed = errors.status + errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format('\n{"requests":%d,"us":%d,"failed":%d}\n', summary.requests, summary.duration, failed))
end
