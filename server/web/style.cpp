#include "server/web/style.h"

namespace mydht::web {

std::string_view pageStyle() {
  return R"(
:root { color-scheme: light dark; font: 16px/1.45 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1.5rem; }
dt { opacity: .7; } dd { margin: 0; overflow-wrap: anywhere; }
code, td.id { font-family: ui-monospace, monospace; }
.table { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .35rem .9rem .35rem 0; border-bottom: 1px solid #8886; vertical-align: top; }
.bad { color: #c33; font-weight: 600; } .good { color: #2a8a3e; }
.trouble { border-left: .3rem solid #c33; padding: .5rem 1rem; }
ul.keys { padding-left: 1.2rem; } ul.keys li { overflow-wrap: anywhere; }
)";
}

}  // namespace mydht::web
