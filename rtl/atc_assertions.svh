// SPDX-License-Identifier: Apache-2.0
// What the ATC promises and what it is promised, told from its ports; with a record of its own.
