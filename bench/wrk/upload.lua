-- upload.lua BYTES: POSTs a body of so many: too many for an argument.

require("latency")

function init(args)
  wrk.method = "POST"
  wrk.body = ("x"):rep(tonumber(args[1]))
end
