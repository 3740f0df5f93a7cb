-- SPDX-License-Identifier: Apache-2.0
-- PCIe TLPs of a Drydock run (tlps.pcap) for Wireshark and tshark:
--   wireshark -X lua_script:waves/tlp.lua DIR/RUN/tlps.pcap
--   tshark -X lua_script:waves/tlp.lua -r DIR/RUN/tlps.pcap -Y 'tlp.code == 1 && tlp.itag == 4'
-- What stands before a TLP's bytes: waves/packets.h.

local tlp = Proto("tlp", "PCI Express TLP")

local class_words = {[0] = "SPAN", "UNMAP", "INV", "TLBI", "CFGI", "SYNC", "TRANS", "PAGE", "DMA",
                     "RESET", "CALL"}
local codes = {
    [0x00] = "Unlock", [0x01] = "Invalidate Request", [0x02] = "Invalidate Completion",
    [0x04] = "Page Request", [0x05] = "PRG Response", [0x18] = "PM_PME", [0x19] = "PME_Turn_Off",
    [0x1b] = "PME_TO_Ack", [0x20] = "Assert_INTA", [0x21] = "Assert_INTB", [0x22] = "Assert_INTC",
    [0x23] = "Assert_INTD", [0x24] = "Deassert_INTA", [0x25] = "Deassert_INTB",
    [0x26] = "Deassert_INTC", [0x27] = "Deassert_INTD", [0x30] = "ERR_COR",
    [0x31] = "ERR_NONFATAL", [0x33] = "ERR_FATAL", [0x50] = "Set_Slot_Power_Limit",
    [0x7e] = "Vendor_Defined Type 0", [0x7f] = "Vendor_Defined Type 1"}
local statuses = {[0] = "SC", [1] = "UR", [2] = "RRS", [4] = "CA"}
local address_types = {[0] = "untranslated", [1] = "translation request", [2] = "translated"}
local routings = {[0] = "to the root complex", [1] = "by address", [2] = "by ID",
                  [3] = "broadcast from the root complex", [4] = "local", [5] = "gathered"}
local prg_codes = {[0] = "success", [1] = "invalid request", [15] = "response failure"}

local fields = {}
local function field(name, make, ...)
    local abbreviation = "tlp." .. name
    fields[name] = make(abbreviation, ...)
    return fields[name]
end
local F = ProtoField
-- beside the wire
field("number", F.uint64, "Number")
field("time_ps", F.uint64, "Time in ps")
field("link", F.string, "Link")
field("direction", F.string, "Direction")
field("id", F.string, "Transaction")
field("span", F.uint32, "Span")
-- header
field("pasid", F.uint32, "PASID")
field("privileged", F.bool, "Privileged Mode Requested")
field("execute", F.bool, "Execute Requested")
field("type", F.string, "Type")
field("fmt", F.uint8, "Fmt", base.DEC)
field("tc", F.uint8, "Traffic Class", base.DEC)
field("ido", F.bool, "ID-Based Ordering")
field("ro", F.bool, "Relaxed Ordering")
field("ns", F.bool, "No Snoop")
field("th", F.bool, "TH")
field("td", F.bool, "TD, an ECRC follows")
field("ep", F.bool, "EP, poisoned")
field("at", F.uint8, "AT", base.DEC, address_types)
field("length", F.uint16, "Length in DW", base.DEC)
field("requester", F.string, "Requester ID")
field("tag", F.uint16, "Tag", base.DEC)
field("first_be", F.uint8, "First BE", base.HEX)
field("last_be", F.uint8, "Last BE", base.HEX)
field("address", F.uint64, "Address", base.HEX)
field("target", F.string, "Target ID")
field("register", F.uint16, "Register", base.HEX)
-- completions
field("completer", F.string, "Completer ID")
field("status", F.uint8, "Status", base.DEC, statuses)
field("bcm", F.bool, "Byte Count Modified")
field("byte_count", F.uint16, "Byte Count", base.DEC)
field("lower_address", F.uint8, "Lower Address", base.HEX)
-- messages
field("code", F.uint8, "Message Code", base.HEX, codes)
field("routing", F.uint8, "Routing", base.DEC, routings)
field("itag", F.uint8, "ITag", base.DEC)
field("itag_vector", F.uint32, "ITag Vector", base.HEX)
field("cc", F.uint8, "Completion Count", base.DEC)
field("inv_address", F.uint64, "First address", base.HEX)
field("inv_bytes", F.uint64, "Bytes", base.DEC)
field("inv_global", F.bool, "Global")
field("page", F.uint64, "Page", base.HEX)
field("prg_index", F.uint16, "PRG Index", base.DEC)
field("last", F.bool, "Last Request in PRG")
field("read", F.bool, "Read Access Requested")
field("write", F.bool, "Write Access Requested")
field("prg_code", F.uint8, "Response Code", base.DEC, prg_codes)
field("nw", F.bool, "No Write")
-- translation completions
field("translation", F.uint64, "Translation", base.HEX)
field("translation_bytes", F.uint64, "Bytes", base.DEC)
field("translation_flags", F.string, "Flags")
field("payload", F.bytes, "Payload")
-- matching
field("request_in", F.framenum, "Answers the request in", base.NONE, frametype.REQUEST)
field("response_in", F.framenum, "Answered in", base.NONE, frametype.RESPONSE)
field("response_time_ps", F.uint64, "Time since the request in ps")
do
    local all = {}
    for _, f in pairs(fields) do all[#all + 1] = f end
    tlp.fields = all
end

-- -- numbers ------------------------------------------------------------------------------------

local function id_text(value)
    return string.format("%02x:%02x.%x", math.floor(value / 256), math.floor(value / 8) % 32,
                         value % 8)
end

-- Natural power-of-two ranges of ATS: S = 0 is 4 KiB, else 2^(k+1) bytes, k the lowest zero
-- address bit from bit 12 on. A big-endian range of 8 bytes.
local function ats_range(range)
    local word = range:uint64()
    local page = word:rshift(12):lshift(12)
    if range:bitfield(52, 1) == 0 then return page, UInt64(4096) end
    local k = 12
    while k < 63 and word:rshift(k):band(UInt64(1)) == UInt64(1) do k = k + 1 end
    if k >= 63 then return UInt64(0), UInt64(0xffffffff, 0xffffffff) end
    return word:rshift(k + 1):lshift(k + 1), UInt64(2):lshift(k)
end

-- -- requests and what answers them ---------------------------------------------------------------

local waiting, answered, answers
local outstanding     -- Invalidate Completions of a request still due, by its key
local translations    -- whether the read requests of a key ask for translations
local is_translation  -- whether a frame completes one
function tlp.init()
    waiting, answered, answers = {}, {}, {}
    outstanding, translations, is_translation = {}, {}, {}
end

-- Those that share a key are answered in their order.
local function expect(pinfo, key, at)
    if pinfo.visited then return end
    local queue = waiting[key] or {}
    queue[#queue + 1] = {frame = pinfo.number, at = at}
    waiting[key] = queue
end
local function answer(pinfo, key, at, last)
    if pinfo.visited then return end
    local queue = waiting[key]
    if queue == nil or #queue == 0 then return end
    local request = last and table.remove(queue, 1) or queue[1]
    if #queue == 0 then waiting[key] = nil end
    local list = answers[pinfo.number] or {}
    list[#list + 1] = {frame = request.frame, took = at - request.at}
    answers[pinfo.number] = list
    answered[request.frame] = {frame = pinfo.number, took = at - request.at}
end
local function show_matches(pinfo, tree)
    for _, m in ipairs(answers[pinfo.number] or {}) do
        tree:add(fields.request_in, m.frame):set_generated()
        tree:add(fields.response_time_ps, UInt64(m.took % 4294967296, math.floor(m.took / 4294967296)))
            :set_generated()
    end
    local m = answered[pinfo.number]
    if m ~= nil then tree:add(fields.response_in, m.frame):set_generated() end
end

-- -- the parts of a TLP ---------------------------------------------------------------------------

local request_names = {
    [0x00] = {"MRd", "MWr"}, [0x01] = {"MRdLk"}, [0x02] = {"IORd", "IOWr"},
    [0x04] = {"CfgRd0", "CfgWr0"}, [0x05] = {"CfgRd1", "CfgWr1"}, [0x0a] = {"Cpl", "CplD"},
    [0x0b] = {"CplLk", "CplDLk"}, [0x0c] = {"", "FetchAdd"}, [0x0d] = {"", "Swap"},
    [0x0e] = {"", "CAS"}, [0x1b] = {"", "DMWr"}}

local function type_name(code, has_data)
    if code >= 0x10 and code < 0x18 then return has_data and "MsgD" or "Msg" end
    local names = request_names[code]
    return names and names[has_data and 2 or 1] or string.format("Type 0x%02x", code)
end

local function show_ats_completion(data, tree)
    for at = 0, data:len() - 8, 8 do
        local range = data:range(at, 8)
        local address, bytes = ats_range(range)
        local entry = tree:add(fields.translation, range, address)
        entry:add(fields.translation_bytes, range, bytes)
        local flags = ""
        for bit, letter in ipairs({"R", "W", "U", "X", "P", "G"}) do
            if range:bitfield(64 - bit, 1) == 1 then flags = flags .. letter end
        end
        entry:add(fields.translation_flags, range, flags)
    end
end

local function show_invalidate_request(h, data, tree, context)
    local itag = h(6, 1):bitfield(3, 5)
    local device = h(8, 2):uint()
    tree:add(fields.target, h(8, 2), id_text(device))
    tree:add(fields.itag, h(6, 1), itag)
    if data ~= nil and data:len() >= 8 then
        local range = data:range(0, 8)
        local address, bytes = ats_range(range)
        tree:add(fields.inv_address, range, address)
        tree:add(fields.inv_bytes, range, bytes)
        tree:add(fields.inv_global, range, range:bitfield(63, 1) == 1)
    end
    expect(context.pinfo, string.format("inv %s %x %d", context.wire, device, itag), context.at)
    return string.format("to %s itag %d", id_text(device), itag)
end

local function show_invalidate_completion(h, tree, context)
    local cc = h(11, 1):bitfield(5, 3)
    if cc == 0 then cc = 8 end
    tree:add(fields.target, h(8, 2), id_text(h(8, 2):uint()))
    tree:add(fields.cc, h(11, 1), cc)
    tree:add(fields.itag_vector, h(12, 4))
    local text = ""
    for itag = 0, 31 do
        if h(12, 4):bitfield(31 - itag, 1) == 1 then
            tree:add(fields.itag, h(12, 4), itag)
            text = text .. " " .. itag
            local key = string.format("inv %s %x %d", context.wire, context.requester, itag)
            if not context.pinfo.visited then
                local due = (outstanding[key] or cc) - 1
                answer(context.pinfo, key, context.at, due == 0)
                outstanding[key] = due > 0 and due or nil
            end
        end
    end
    return "itag" .. text
end

local function show_page_request(h, tree, context)
    local low = h(14, 2)
    local group = low:bitfield(4, 9)
    local page = h(8, 8):uint64():rshift(12):lshift(12)
    local last = low:bitfield(13, 1) == 1
    tree:add(fields.page, h(8, 8), page)
    tree:add(fields.prg_index, low, group)
    tree:add(fields.last, low, last)
    tree:add(fields.write, low, low:bitfield(14, 1) == 1)
    tree:add(fields.read, low, low:bitfield(15, 1) == 1)
    -- The group is answered as a whole, from its last request on.
    if last then
        expect(context.pinfo, string.format("page %s %x %d", context.wire, context.requester, group),
               context.at)
    end
    return string.format("0x%s PRG %d%s", page:tohex(), group, last and " last" or "")
end

local function show_prg_response(h, tree, context)
    local device = h(8, 2):uint()
    local group = h(10, 2):bitfield(7, 9)
    local code = h(10, 1):bitfield(0, 4)
    tree:add(fields.target, h(8, 2), id_text(device))
    tree:add(fields.prg_code, h(10, 1), code)
    tree:add(fields.prg_index, h(10, 2), group)
    answer(context.pinfo, string.format("page %s %x %d", context.wire, device, group), context.at,
           true)
    return string.format("to %s PRG %d %s", id_text(device), group, prg_codes[code] or code)
end

local function show_message(h, data, tree, context)
    local code = h(7, 1):uint()
    tree:add(fields.code, h(7, 1))
    tree:add(fields.routing, h(0, 1), h(0, 1):bitfield(5, 3))
    local name = codes[code] or string.format("code 0x%02x", code)
    local text = ""
    if code == 1 then text = show_invalidate_request(h, data, tree, context)
    elseif code == 2 then text = show_invalidate_completion(h, tree, context)
    elseif code == 4 then text = show_page_request(h, tree, context)
    elseif code == 5 then text = show_prg_response(h, tree, context)
    elseif h(0, 1):bitfield(5, 3) == 2 then
        tree:add(fields.target, h(8, 2), id_text(h(8, 2):uint()))
    end
    return name .. " " .. text
end

local function show_completion(h, data, tree, context)
    tree:add(fields.completer, h(4, 2), id_text(h(4, 2):uint()))
    tree:add(fields.status, h(6, 1), h(6, 1):bitfield(0, 3))
    tree:add(fields.bcm, h(6, 1), h(6, 1):bitfield(3, 1) == 1)
    local count = h(6, 2):bitfield(4, 12)
    if count == 0 then count = 4096 end
    tree:add(fields.byte_count, h(6, 2), count)
    local requester = h(8, 2):uint()
    tree:add(fields.requester, h(8, 2), id_text(requester))
    tree:add(fields.tag, h(10, 1), context.tag_high + h(10, 1):uint())
    tree:add(fields.lower_address, h(11, 1), h(11, 1):bitfield(1, 7))
    local key = string.format("rd %s %x %d", context.wire, requester,
                              context.tag_high + h(10, 1):uint())
    local bytes = context.has_data and context.length * 4 or 0
    -- The last of several has no more bytes due than it carries.
    local last = not context.has_data or count <= bytes - h(11, 1):bitfield(6, 2)
    if not context.pinfo.visited then
        is_translation[context.pinfo.number] = translations[key]
        answer(context.pinfo, key, context.at, last)
    end
    if is_translation[context.pinfo.number] and data ~= nil then show_ats_completion(data, tree) end
    return string.format("for %s tag %d %s", id_text(requester),
                         context.tag_high + h(10, 1):uint(), statuses[h(6, 1):bitfield(0, 3)] or "?")
end

local function show_request(h, code, tree, context)
    local tag = context.tag_high + h(6, 1):uint()
    tree:add(fields.tag, h(6, 1), tag)
    tree:add(fields.last_be, h(7, 1), h(7, 1):bitfield(0, 4))
    tree:add(fields.first_be, h(7, 1), h(7, 1):bitfield(4, 4))
    local text
    if code == 4 or code == 5 then
        tree:add(fields.target, h(8, 2), id_text(h(8, 2):uint()))
        tree:add(fields.register, h(10, 2), h(10, 2):bitfield(4, 12))
        text = string.format("%s register 0x%03x", id_text(h(8, 2):uint()), h(10, 2):bitfield(4, 12))
    else
        local where = context.long and h(8, 8) or h(8, 4)
        local address = context.long and where:uint64() or UInt64(where:uint(), 0)
        if context.at_field == 1 then
            tree:add(fields.nw, where, address:band(UInt64(1)) == UInt64(1))
        end
        address = address:rshift(2):lshift(2)
        tree:add(fields.address, where, address)
        text = string.format("0x%s %d DW", address:tohex(), context.length)
    end
    if not (code == 0 and context.has_data) then  -- all but memory writes are answered
        local key = string.format("rd %s %x %d", context.wire, context.requester, tag)
        if not context.pinfo.visited then translations[key] = context.at_field == 1 end
        expect(context.pinfo, key, context.at)
    end
    return string.format("%s tag %d", text, tag)
end

-- -- a packet -----------------------------------------------------------------------------------

local function show_side(buffer, tree, pinfo)
    local spans, name_length = buffer(2, 1):uint(), buffer(3, 1):uint()
    local word = class_words[buffer(1, 1):uint()] or "SPAN"
    tree:add(fields.number, buffer(4, 8))
    tree:add(fields.time_ps, buffer(12, 8))
    local ids = {}
    for n = 0, spans - 1 do
        local range = buffer(20 + 4 * n, 4)
        ids[#ids + 1] = word .. " " .. range:uint()
        tree:add(fields.span, range)
        tree:add(fields.id, range, ids[#ids])
    end
    local name = buffer(20 + 4 * spans, name_length)
    tree:add(fields.link, name)
    local wire, direction = name:string():match("^(.*)%.(%a+)$")
    tree:add(fields.direction, name, direction or "")
    pinfo.cols.src = name:string()
    return 20 + 4 * spans + name_length, table.concat(ids, ", "), wire or name:string()
end

-- Field, byte and bit (0 the highest) in the header.
local flags = {{"ido", 1, 5}, {"th", 1, 7}, {"td", 2, 0}, {"ep", 2, 1}, {"ro", 2, 2}, {"ns", 2, 3}}

local function show_header(h, tree, context)
    local code, has_data = h(0, 1):bitfield(3, 5), h(0, 1):bitfield(1, 1) == 1
    context.has_data = has_data
    context.long = h(0, 1):bitfield(2, 1) == 1
    context.length = h(2, 2):bitfield(6, 10)
    context.at_field = h(2, 1):bitfield(4, 2)
    context.requester = h(4, 2):uint()
    context.tag_high = h(1, 1):bitfield(0, 1) * 512 + h(1, 1):bitfield(4, 1) * 256
    local name = type_name(code, has_data)
    local plain = name == "Msg" or name == "Cpl" or name == "CplLk"
    if context.length == 0 and not plain then context.length = 1024 end
    tree:add(fields.fmt, h(0, 1), h(0, 1):bitfield(0, 3))
    tree:add(fields.type, h(0, 1), name)
    tree:add(fields.tc, h(1, 1), h(1, 1):bitfield(1, 3))
    for _, flag in ipairs(flags) do
        tree:add(fields[flag[1]], h(flag[2], 1), h(flag[2], 1):bitfield(flag[3], 1) == 1)
    end
    tree:add(fields.at, h(2, 1), context.at_field)
    tree:add(fields.length, h(2, 2), context.length)
    return code, name
end

function tlp.dissector(buffer, pinfo, root)
    if buffer:len() < 32 or buffer(0, 1):uint() ~= 1 then return 0 end
    pinfo.cols.protocol = "TLP"
    local tree = root:add(tlp, buffer())
    local at, ids, wire = show_side(buffer, tree, pinfo)
    if buffer(at, 1):uint() == 0x91 then
        tree:add(fields.privileged, buffer(at + 1, 1), buffer(at + 1, 1):bitfield(2, 1) == 1)
        tree:add(fields.execute, buffer(at + 1, 1), buffer(at + 1, 1):bitfield(3, 1) == 1)
        tree:add(fields.pasid, buffer(at + 1, 3), buffer(at + 1, 3):bitfield(4, 20))
        at = at + 4
    end
    local header_bytes = buffer(at, 1):bitfield(2, 1) == 1 and 16 or 12
    local whole = buffer(at, header_bytes)
    local function h(offset, bytes) return whole:range(offset, bytes) end
    local context = {pinfo = pinfo, wire = wire, at = buffer(12, 8):uint64():tonumber()}
    local code, name = show_header(h, tree, context)
    local payload = at + header_bytes < buffer:len() and buffer(at + header_bytes) or nil
    local text
    if name:sub(1, 3) == "Cpl" then
        text = show_completion(h, payload, tree, context)
    else
        tree:add(fields.requester, h(4, 2), id_text(context.requester))
        if name:sub(1, 3) == "Msg" then
            text = show_message(h, payload, tree, context)
        else
            text = show_request(h, code, tree, context)
        end
    end
    if payload ~= nil and context.has_data then tree:add(fields.payload, payload) end
    show_matches(pinfo, tree)
    pinfo.cols.info = string.format("%s %s%s", name, text, ids ~= "" and "  [" .. ids .. "]" or "")
    tree:append_text(": " .. name .. " " .. text)
    return buffer:len()
end

DissectorTable.get("wtap_encap"):add(wtap.USER0, tlp)
