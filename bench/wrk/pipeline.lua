-- pipeline.lua N: N requests in one write; wrk counts every answer.

require("latency")

local batch

function init(args)
  batch = wrk.format():rep(tonumber(args[1]))
end

function request()
  return batch
end
