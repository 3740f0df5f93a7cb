// SPDX-License-Identifier: Apache-2.0
#include "waves/fst_file.h"

#include <gtkwave/fstapi.h>
#include <zlib.h>

#include <algorithm>
#include <stdexcept>

/// What fstapi calls in place of zlib's compress2 (CMakeLists.txt). It asks for level 4; 6 makes
/// the file a tenth smaller.
extern "C" int drydock_fst_compress(Bytef* to, uLongf* room, const Bytef* from, uLong size,
                                    int level) {
    constexpr int at_least = 5;
    return compress2(to, room, from, size, std::max(level, at_least));
}

namespace drydock::waves {
namespace {

constexpr int picoseconds = -12;         // timescale 10^-12 s
constexpr char no_date[] = "simulated";  // a wall-clock date would differ from run to run

}  // namespace

fst_file::fst_file(const std::filesystem::path& file, std::string_view version,
                   std::string_view comment)
    : name_(file.string()), writer_(fstWriterCreate(name_.c_str(), 1)) {
    if (writer_ == nullptr) throw std::runtime_error(name_ + ": cannot be made");
    fstWriterSetPackType(writer_, FST_WR_PT_ZLIB);
    fstWriterSetTimescale(writer_, picoseconds);
    fstWriterSetDate(writer_, no_date);
    fstWriterSetVersion(writer_, std::string("drydock ").append(version).c_str());
    fstWriterSetComment(writer_, std::string(comment).c_str());
}

fst_file::~fst_file() {
    if (writer_ != nullptr) fstWriterClose(writer_);
}

template <class Create>
fst_file::variable fst_file::add(std::string_view scope, Create&& create) {
    int depth = 0;
    while (!scope.empty()) {
        const std::size_t dot = scope.find('.');
        const std::string part(scope.substr(0, dot));
        fstWriterSetScope(writer_, FST_ST_VCD_MODULE, part.c_str(), nullptr);
        ++depth;
        scope = dot == std::string_view::npos ? std::string_view{} : scope.substr(dot + 1);
    }
    const variable handle = create();
    while (depth-- > 0) fstWriterSetUpscope(writer_);
    return handle;
}

fst_file::variable fst_file::add_text(std::string_view scope, const std::string& name) {
    return add(scope, [&] {
        return fstWriterCreateVar(writer_, FST_VT_GEN_STRING, FST_VD_IMPLICIT, 0, name.c_str(), 0);
    });
}
fst_file::variable fst_file::add_number(std::string_view scope, const std::string& name) {
    return add(scope, [&] {
        return fstWriterCreateVar(writer_, FST_VT_VCD_INTEGER, FST_VD_IMPLICIT, 32, name.c_str(),
                                  0);
    });
}
fst_file::variable fst_file::add_bits(std::string_view scope, const std::string& name,
                                      unsigned bits) {
    const std::string ranged = bits == 1 ? name : name + " [" + std::to_string(bits - 1) + ":0]";
    return add(scope, [&] {
        return fstWriterCreateVar(writer_, FST_VT_VCD_WIRE, FST_VD_IMPLICIT, bits, ranged.c_str(),
                                  0);
    });
}

void fst_file::at(base::ps t) {
    if (t == time_) return;
    time_ = t;
    fstWriterEmitTimeChange(writer_, static_cast<std::uint64_t>(t.count));
}

void fst_file::set(variable v, std::string_view text) {
    fstWriterEmitVariableLengthValueChange(writer_, v, text.data(),
                                           static_cast<std::uint32_t>(text.size()));
}

void fst_file::set(variable v, std::uint32_t number) {
    fstWriterEmitValueChange32(writer_, v, 32, number);
}

void fst_file::set_bits(variable v, const std::string& digits) {
    fstWriterEmitValueChange(writer_, v, digits.data());
}

void fst_file::close() {
    if (writer_ == nullptr) return;
    const bool failed = fstWriterGetFseekFailed(writer_) != 0;
    fstWriterClose(writer_);
    writer_ = nullptr;
    if (failed) throw std::runtime_error(name_ + ": cannot be written");
}

}  // namespace drydock::waves
