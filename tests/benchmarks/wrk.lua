-- What wrk sends: `wrk -s wrk.lua URL -- KIND RUN`. KIND is `one` event a request or a `hundred`; RUN, 8 characters,
-- keeps the messageIds of one run from those of another.

local EVENTS = {one = 1, hundred = 100}
local BEFORE_ID = '{"type":"track","event":"report.created","userId":"user-10042","messageId":"'
local AFTER_ID = '","timestamp":"2026-03-04T10:20:30.456Z","properties":{"report_id":"r-1042"},' ..
    '"context":{"library":{"name":"bench","version":"1"},"locale":"en-GB","timezone":"Europe/London"}}'

local kind, run, sent

function init(args)
    kind, run, sent = args[1], args[2], 0
end

local function event()
    sent = sent + 1
    return BEFORE_ID .. string.format("%s-0000-4000-8000-%012d", run, sent) .. AFTER_ID
end

local function body()
    if kind == "one" then return event() end
    local events = {}
    for place = 1, EVENTS[kind] do events[place] = event() end
    return '{"batch":[' .. table.concat(events, ",") .. "]}"
end

function request()
    local content = body()
    return "POST /v1/" .. (kind == "one" and "track" or "batch") .. " HTTP/1.1\r\nHost: localhost\r\n" ..
        "Authorization: Basic ZGVtbzo=\r\nContent-Type: application/json\r\nContent-Length: " .. #content ..
        "\r\n\r\n" .. content
end

-- wrk measures in microseconds.
function done(summary, latency, requests)
    local errors = summary.errors
    io.write(string.format('{"requests": %d, "seconds": %f, "p50": %f, "p99": %f, "refused": %d}\n',
        summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
        errors.status + errors.connect + errors.read + errors.write + errors.timeout))
end
