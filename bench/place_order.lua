-- Places an order for the next buyer and book at each request, so that no two pending orders are for the same pair.
local tokens, books, place = {}, 74, 0

function init(args)
  for line in io.lines(args[1]) do tokens[#tokens + 1] = line end
  place = tonumber(args[2])
end

function request()
  local token = tokens[place % #tokens + 1]
  local book = math.floor(place / #tokens) % books + 1
  place = place + 1
  local headers = { ["Authorization"] = "Bearer " .. token, ["Content-Type"] = "application/json" }
  return wrk.format("POST", nil, headers, string.format('{"book_id": %d, "quantity": 1}', book))
end
