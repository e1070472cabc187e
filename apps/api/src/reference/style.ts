/** Style of the pages here; they have no other. */
export const style = `:root { color-scheme: light dark; --line: #8884; --quiet: #777; --link: #06c; --code: #8881; }
@media (prefers-color-scheme: dark) { :root { --link: #7bf; --quiet: #aaa; } }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; display: flex; }
nav { flex: 0 0 17rem; height: 100vh; overflow: auto; position: sticky; top: 0; padding: 1rem; border-right: 1px solid var(--line); font-size: .875rem; }
nav p { margin: .75rem 0 .25rem; }
nav ul { margin: 0; padding-left: 1rem; list-style: none; }
main { flex: 1; min-width: 0; max-width: 62rem; padding: 1rem 2rem 4rem; }
section { margin: 0 0 2rem; padding-top: .5rem; border-top: 1px solid var(--line); }
h1 { margin-top: 0; } h2 { margin-top: 3rem; } h3 { margin: .5rem 0; } h4 { margin: 1rem 0 .25rem; }
a { color: var(--link); text-decoration: none; } a:hover { text-decoration: underline; }
small, i, .role { color: var(--quiet); font-weight: normal; font-style: normal; font-size: .875rem; }
code, pre { font-family: ui-monospace, monospace; font-size: .875rem; }
pre { background: var(--code); padding: .75rem; overflow: auto; border-radius: 4px; }
.line code { background: var(--code); padding: .2rem .4rem; border-radius: 4px; }
.get { color: #080; } .post { color: #06c; } .put { color: #a60; } .delete { color: #c00; }
@media (prefers-color-scheme: dark) { .get { color: #6d6; } .post { color: #7bf; } .put { color: #fb6; } .delete { color: #f77; } }
table { border-collapse: collapse; font-size: .875rem; display: block; overflow: auto; }
td, th { text-align: left; padding: .25rem .75rem .25rem 0; vertical-align: top; border-bottom: 1px solid var(--line); }
@media (max-width: 50rem) { body { display: block; } nav { position: static; height: auto; border: 0; } main { padding: 1rem; } }
`;

/** Without one browsers ask for /favicon.ico. */
export const icon =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect x="2" y="3" width="12" height="2" fill="#06c"/><rect x="2" y="7" width="12" height="2" fill="#06c"/><rect x="2" y="11" width="8" height="2" fill="#06c"/></svg>';
