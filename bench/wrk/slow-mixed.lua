-- slow-mixed.lua ONE_IN: GET /slow once in so many requests, GET / otherwise.

local every = 0
local count = 0
local quick, slow

function init(args)
  every = tonumber(args[1])
  quick = wrk.format("GET", "/")
  slow = wrk.format("GET", "/slow")
end

function request()
  count = count + 1
  if count % every == 0 then
    return slow
  end
  return quick
end
