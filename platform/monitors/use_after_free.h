// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "platform/monitors/monitor.h"

namespace drydock::monitors {

/// Software follows a pointer to an object that it has released, or releases it again.
class use_after_free final : public monitor {
public:
    explicit use_after_free(reporter& r);

private:
    void on_event(const base::event& e) override;
};

}  // namespace drydock::monitors
