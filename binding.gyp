{
  "targets": [
    {
      "target_name": "millrace",
      # One path a line; CMakeLists.txt and the native tests read the same list.
      "sources": ["<!@(sed -e 's/#.*//' native/sources)"],
      "include_dirs": ["native", "<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": ["NAPI_VERSION=9", "NAPI_DISABLE_CPP_EXCEPTIONS"],
      # Node's common.gypi sets most of this too, but not the same in every version.
      "cflags_cc": ["-std=c++20", "-fno-exceptions", "-fno-rtti", "-fvisibility=hidden", "-fvisibility-inlines-hidden"],
      # nodelete: Node unloads addons with the Worker that loaded them; the code must outlive its threads.
      "ldflags": ["-Wl,-z,nodelete", "-Wl,-z,relro,-z,now"],
      "configurations": {
        "Release": { "cflags": ["-O3"] },
      },
    }
  ]
}
