-- post.lua BODY: POSTs it; its Content-Type comes as -H.

require("latency")

function init(args)
  wrk.method = "POST"
  wrk.body = args[1]
end
