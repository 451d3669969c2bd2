// interest.h: what an event loop wants to hear of a descriptor. None: not even that it has been hung up.

#pragma once

namespace designs {

enum class Interest { none, read, write };

}  // namespace designs
