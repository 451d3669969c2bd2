-- latency.lua: has wrk print one percentile more than it does by itself. What it calls is called when all is over, so
-- it costs nothing while wrk measures. The other scripts require() it.

function done(_, latency)
  io.write(("     99.9%%  %dus\n"):format(latency:percentile(99.9)))
end
