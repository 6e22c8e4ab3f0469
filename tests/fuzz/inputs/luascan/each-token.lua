-- a comment
--[==[ a long
one ]==]
local a <const>, b = 0x1p-3, 'q\z
  \x41\u{41}\065'
goto done
for k, v in pairs(steps.one.outputs) do a = params["x"] .. steps['two'].exit end
function f.g:h(...) return ... // 2 ~ 1 << 3 end
repeat local t = {1; x = 2, [3] = [[long]]} until not (a ~= b) or vars.x:y{1}"s"
::done:: return result.exit == 0 and #loop > 2, "why"
