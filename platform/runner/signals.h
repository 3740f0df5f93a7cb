// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace drydock::runner {

/// INT, TERM and HUP set a flag while this object lives; the earlier handlers come back afterwards.
/// One at a time.
class signal_flag {
public:
    signal_flag();
    ~signal_flag();
    signal_flag(const signal_flag&) = delete;
    signal_flag& operator=(const signal_flag&) = delete;

    /// How many of them came.
    static int count();
};

}  // namespace drydock::runner
