-- Places an order for the next buyer and book at each request, so that no two pending orders are for the same pair.
local tokens, books, position = {}, 74, 0

function init(args)
  for line in io.lines(args[1]) do tokens[#tokens + 1] = line end
  position = tonumber(args[2])
end

function request()
  local token = tokens[position % #tokens + 1]
  local book = math.floor(position / #tokens) % books + 1
  position = position + 1
  local headers = { ["Authorization"] = "Bearer " .. token, ["Content-Type"] = "application/json" }
  return wrk.format("POST", nil, headers, string.format('{"book_id": %d, "quantity": 1}', book))
end
