// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "tlm/base/time.h"

namespace drydock::waves {

/// A wave file in GTKWave's FST format, times in ps, byte-identical for the same calls. Variables
/// may be added at any time. Owns fstapi's writer, of which the whole program has this one copy.
class fst_file {
public:
    using variable = std::uint32_t;  ///< 1.. ; 0 is none

    /// @throws std::runtime_error if the file cannot be made
    fst_file(const std::filesystem::path& file, std::string_view version, std::string_view comment);
    ~fst_file();
    fst_file(const fst_file&) = delete;
    fst_file& operator=(const fst_file&) = delete;

    /// @param scope names separated by '.'
    variable add_text(std::string_view scope, const std::string& name);
    /// An unsigned number of 32 bits.
    variable add_number(std::string_view scope, const std::string& name);
    /// A vector of bits.
    variable add_bits(std::string_view scope, const std::string& name, unsigned bits);

    /// The following values belong to t. @pre t is not earlier than before
    void at(base::ps t);
    void set(variable v, std::string_view text);
    void set(variable v, std::uint32_t number);
    /// @param digits '0' and '1', the highest bit first, as many as it has
    void set_bits(variable v, const std::string& digits);

    /// @throws std::runtime_error if the disk did not take it
    void close();
    bool is_open() const { return writer_ != nullptr; }

private:
    template <class Create>
    variable add(std::string_view scope, Create&& create);

    std::string name_;
    void* writer_;
    base::ps time_{-1};
};

}  // namespace drydock::waves
