-- Usage: ardour7-lua record.lua SESSION_DIR SESSION_NAME PLUGIN SECONDS AUTOMATED FIXED
--
-- Puts the plugin on a track, automates one parameter, sets another, records its MIDI output on a
-- second track and saves. Prints one fact a line as `key value ...`.

local dir, name, plugin_name, seconds = arg[1], arg[2], arg[3], tonumber(arg[4])
local AUTOMATED, FIXED = arg[5], arg[6]

assert(AudioEngine:set_backend("None (Dummy)", "Unit-Test", ""))
local session = assert(create_session(dir, name, 48000), "cannot create the session")

local plugin = ARDOUR.LuaAPI.new_plugin_info(plugin_name, ARDOUR.PluginType.VST3)
assert(not plugin:isnil(), "Ardour does not know the plugin " .. plugin_name)

-- The third argument switches strict channel matching off: with it on, the track of an instrument
-- has no MIDI output.
local function midi_track(track_name, info)
  local midi = ARDOUR.ChanCount(ARDOUR.DataType("midi"), 1)
  local audio = ARDOUR.ChanCount(ARDOUR.DataType("audio"), 2)
  local tracks = session:new_midi_track(midi, audio, false, info, nil, nil, 1, track_name,
    ARDOUR.PresentationInfo.max_order, ARDOUR.TrackMode.Normal, true)
  for track in tracks:iter() do return track end
end

local band = midi_track("Band", plugin)
local take = midi_track("Take", ARDOUR.PluginInfo())
local processor = band:nth_plugin(0)
local insert = processor:to_insert()

-- Asking for a parameter past the last one ends the script, so the plugin is asked for the count.
local function parameter_index(label)
  for i = 0, insert:plugin(0):parameter_count() - 1 do
    local _, _, description = ARDOUR.LuaAPI.plugin_automation(processor, i)
    if description and description.label == label then return i end
  end
  error("the plugin has no parameter " .. label)
end

local automated, fixed = parameter_index(AUTOMATED), parameter_index(FIXED)
local _, list, _ = ARDOUR.LuaAPI.plugin_automation(processor, automated)
list:clear_list()
for second = 0, 8 do
  list:add(Temporal.timepos_t(second * 48000), second % 2, false, true)
end
insert:to_automatable()
  :automation_control(Evoral.Parameter(ARDOUR.AutomationType.PluginAutomation, 0, automated), false)
  :set_automation_state(ARDOUR.AutoState.Play)
ARDOUR.LuaAPI.set_processor_param(processor, fixed, 0.25)
print("indices", automated, fixed)
print("fixed", (ARDOUR.LuaAPI.get_processor_param(processor, fixed)))

local function midi_port(io)
  for i = 0, io:n_ports():n_total() - 1 do
    if not io:nth(i):to_midiport():isnil() then return io:nth(i) end
  end
  error("the track has no MIDI port")
end
local input = midi_port(take:input())
input:disconnect_all()
assert(midi_port(band:output()):connect(input:name()) == 0, "cannot connect the tracks")

take:rec_enable_control():set_value(1, PBD.GroupControlDisposition.NoGroup)
session:maybe_enable_record()
sleep(1)
session:request_roll(ARDOUR.TransportRequestSource.TRS_UI)
sleep(seconds)
session:request_stop(false, false, ARDOUR.TransportRequestSource.TRS_UI)
sleep(2)

for region in take:playlist():region_list():iter() do
  local model = ARDOUR.LuaAPI.note_list(region:to_midiregion():midi_source(0):model())
  for note in model:iter() do
    print("note", note:channel(), note:note(), note:velocity())
  end
end
session:save_state("", false, false, false, false, false)
print("saved", "yes")
close_session()
