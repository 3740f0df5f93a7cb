// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtkwave/fstapi.h>

#include <map>
#include <memory>
#include <ostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/waves/files.h"
#include "waves/sink.h"

namespace drydock::waves::test {

using base::kind;
using base::ps;
using base::span_class;
using base::span_id;
struct change {
    std::uint64_t time;
    std::string value;
    friend bool operator==(const change&, const change&) = default;
    friend void PrintTo(const change& c, std::ostream* os) {
        *os << c.time << ":'" << c.value << "'";
    }
};

/// A wave file as fstapi's own reader gives it back.
class waves_read {
public:
    explicit waves_read(const std::filesystem::path& file) {
        void* reader = fstReaderOpen(file.string().c_str());
        if (reader == nullptr) throw std::runtime_error("not an FST file");
        date = fstReaderGetDateString(reader);
        version = fstReaderGetVersionString(reader);
        end = fstReaderGetEndTime(reader);
        timescale = fstReaderGetTimescale(reader);
        while (const fstHier* h = fstReaderIterateHier(reader)) {
            if (h->htyp == FST_HT_SCOPE)
                fstReaderPushScope(reader, h->u.scope.name, nullptr);
            else if (h->htyp == FST_HT_UPSCOPE)
                fstReaderPopScope(reader);
            else if (h->htyp == FST_HT_VAR)
                names_[h->u.var.handle] =
                    std::string(fstReaderGetCurrentFlatScope(reader)) + "." + h->u.var.name;
        }
        fstReaderSetFacProcessMaskAll(reader);
        fstReaderIterBlocks2(reader, fixed, variable, this, nullptr);
        fstReaderClose(reader);
    }
    const std::vector<change>& of(const std::string& name) { return changes_[name]; }
    bool has(const std::string& name) const { return changes_.contains(name); }

    std::string date, version;
    std::uint64_t end = 0;
    int timescale = 0;

private:
    static void fixed(void* self, std::uint64_t t, fstHandle h, const unsigned char* v) {
        auto* w = static_cast<waves_read*>(self);
        w->changes_[w->names_[h]].push_back(
            {t, std::to_string(std::stoull(reinterpret_cast<const char*>(v), nullptr, 2))});
    }
    static void variable(void* self, std::uint64_t t, fstHandle h, const unsigned char* v,
                         std::uint32_t n) {
        auto* w = static_cast<waves_read*>(self);
        w->changes_[w->names_[h]].push_back({t, std::string(reinterpret_cast<const char*>(v), n)});
    }
    std::map<fstHandle, std::string> names_;
    std::map<std::string, std::vector<change>> changes_;
};

/// A context whose probe tells what a test says.
struct telling {
    void tell(ps t, kind k, std::string_view where, span_id s = {}, std::uint64_t a = 0,
              std::uint64_t b = 0, std::uint64_t c = 0, std::uint64_t d = 0) {
        if (ctx.probe.wants(k)) ctx.probe.emit(k, ctx.probe.place(where), t, s, a, b, c, d);
    }
    std::uint64_t text(std::string_view s) { return ctx.probe.text(s); }
    base::context ctx;
};

struct recording : telling {
    explicit recording(window shown = {}, fst_options options = {},
                       const std::string& name = "waves.fst")
        : file(scratch(name)) {
        header.version = "0.1.0";
        header.names.add(base::routing_id{0x0100}, "ep0");
        out = open_fst(ctx, file, shown, header, options);
    }
    void begin(ps t, span_id s, span_class c = span_class::unmap) {
        tell(t, kind::span_begin, "clients.sva0", s, std::uint64_t(c), 0, 0x0100, 0x7f000);
    }
    void end(ps t, span_id s) { tell(t, kind::span_end, "clients.sva0", s); }
    waves_read read() {
        out->close();
        return waves_read(file);
    }
    file_header header;
    std::filesystem::path file;
    std::unique_ptr<sink> out;
};

}  // namespace drydock::waves::test
