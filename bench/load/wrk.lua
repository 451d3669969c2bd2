-- wrk.lua PIPELINED [FILE]: so many requests in one write, each with the content of the file as its body. wrk formats them
-- once, and calls no Lua while it measures.

function init(args)
  if args[2] then
    local file = assert(io.open(args[2], "rb"))
    wrk.method = "POST"
    wrk.body = file:read("*a")
    file:close()
  end
  local pipelined = tonumber(args[1])
  if pipelined > 1 then
    local batch = wrk.format():rep(pipelined)
    function request()
      return batch
    end
  end
end

-- One percentile more than wrk prints by itself.
function done(_, latency)
  io.write(("     99.9%%  %dus\n"):format(latency:percentile(99.9)))
end
