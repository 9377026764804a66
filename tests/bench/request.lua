-- One request, or one per user in turn: `@USER@` in the path of BENCH_PATH stands for user-0000000 and on. All of them
-- are made before the clock runs. One line of JSON at the end.
local requests, turn = {}, 0

function init()
  local method, path = os.getenv("BENCH_METHOD") or "GET", os.getenv("BENCH_PATH") or "/"
  local body, headers = os.getenv("BENCH_BODY"), {}
  if body == "" then body = nil end
  for line in (os.getenv("BENCH_HEADERS") or ""):gmatch("[^\n]+") do
    local name, value = line:match("^([^:]+):%s*(.*)$")
    if name then headers[name] = value end
  end
  for name, value in pairs(wrk.headers) do headers[name] = headers[name] or value end
  local count, stride = tonumber(os.getenv("BENCH_USERS") or "1"), tonumber(os.getenv("BENCH_STRIDE") or "1")
  for number = 0, count - 1 do
    local user = string.format("user-%07d", number * stride)
    requests[number + 1] = wrk.format(method, (path:gsub("@USER@", user)), headers, body)
  end
end

function request()
  turn = turn % #requests + 1
  return requests[turn]
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format('RESULT {"requests":%d,"duration_us":%d,"bad":%d,"p50_us":%d,"p99_us":%d}\n',
    summary.requests, summary.duration, e.status + e.connect + e.read + e.write + e.timeout,
    latency:percentile(50), latency:percentile(99)))
end
