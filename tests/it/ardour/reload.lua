-- Usage: ardour7-lua reload.lua SESSION_DIR SESSION_NAME AUTOMATED_INDEX FIXED_INDEX
--
-- Opens the saved session in a new process and prints what came back, one fact a line.

local dir, name, automated, fixed = arg[1], arg[2], tonumber(arg[3]), tonumber(arg[4])

assert(AudioEngine:set_backend("None (Dummy)", "Unit-Test", ""))
local session = assert(load_session(dir, name), "cannot load the session")
local processor = session:route_by_name("Band"):nth_plugin(0)
print("fixed", (ARDOUR.LuaAPI.get_processor_param(processor, fixed)))

for region in session:route_by_name("Take"):to_track():playlist():region_list():iter() do
  local model = ARDOUR.LuaAPI.note_list(region:to_midiregion():midi_source(0):model())
  local notes = 0
  for _ in model:iter() do notes = notes + 1 end
  print("region", notes)
end

session:request_locate(0, false, ARDOUR.LocateTransportDisposition.MustStop,
  ARDOUR.TransportRequestSource.TRS_UI)
sleep(0.5)
session:request_roll(ARDOUR.TransportRequestSource.TRS_UI)
for _ = 1, 6 do
  sleep(0.5)
  print("automated", (ARDOUR.LuaAPI.get_processor_param(processor, automated)))
end
session:request_stop(false, false, ARDOUR.TransportRequestSource.TRS_UI)
sleep(0.5)
close_session()
