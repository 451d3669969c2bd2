{
  "targets": [
    {
      "target_name": "millrace",
      # One path a line; CMakeLists.txt and the native tests read the same list.
      "sources": ["<!@(sed -e 's/#.*//' native/sources)"],
      "include_dirs": ["native", "include", "<!(node -p \"require('node-addon-api').include_dir\")"],
      # SWALLOW: in a Worker that is being terminated nothing can be thrown; without it trying to ends the process.
      "defines": ["NAPI_VERSION=9", "NAPI_DISABLE_CPP_EXCEPTIONS", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"],
      # Node's common.gypi sets most of this too, but not the same in every version.
      # maybe-uninitialized: GCC sees ghosts in std::optional at -O3; sanitizers and clang-tidy look for the real thing.
      "cflags_cc": [
        "-std=c++20", "-fno-exceptions", "-fno-rtti", "-fvisibility=hidden", "-fvisibility-inlines-hidden",
        "-Wno-unknown-warning-option", "-Wno-maybe-uninitialized",
      ],
      # nodelete: Node unloads addons with the Worker that loaded them; the code must outlive its threads.
      "ldflags": ["-Wl,-z,nodelete", "-Wl,-z,relro,-z,now"],
      "configurations": {
        "Release": { "cflags": ["-O3"] },
      },
    }
  ]
}
