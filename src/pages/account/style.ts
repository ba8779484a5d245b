/** The style of the account pages. */
export const ACCOUNT_STYLE = `
/* Account pages */
body.account-page { grid-template-columns: minmax(0, 64rem); align-content: start; gap: 1rem }
.account-page > header {
  display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: .25rem 1.5rem; text-align: start;
}
.user { display: flex; flex-wrap: wrap; gap: .25rem 1rem; color: var(--soft) }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem; margin: 0; padding: 0; list-style: none }
nav a {
  display: block; padding: .5rem .875rem; border: 1px solid transparent; border-radius: .5rem;
  color: var(--text); font-weight: 600; text-decoration: none;
}
nav a:hover { background: var(--quiet) }
nav a[aria-current] { background: var(--card); border-color: var(--border) }

/* Signed-in devices and connected apps */
.devices, .apps { margin: 1.25rem 0 0; padding: 0; list-style: none; border-block-start: 1px solid var(--border) }
.devices > li, .apps > li {
  display: grid; grid-template-columns: auto minmax(0, 1fr) auto; align-items: center; gap: .75rem 1rem;
  padding: 1rem 0; border-block-end: 1px solid var(--border);
}
.devices p, .device-facts p, .apps > li > div > p:not(.note) { display: flex; flex-wrap: wrap; align-items: center; gap: 0 1rem; margin: 0 }
.devices strong, .devices span, .apps strong, .apps span { min-inline-size: 0 }
.apps > li { align-items: start }
h2 + .apps { margin-top: .75rem }
h1 + .empty { margin-top: 1.25rem }
.apps .icon { inline-size: 2.5rem; block-size: 2.5rem; margin: 0; border-radius: .625rem; font-size: 1.125rem }
.permissions { margin: .375rem 0; font-size: .9375rem }
.permissions ul { margin: 0; padding: 0; list-style: none }
.permissions li { display: flex; gap: .625rem }
.permissions li::before {
  content: ''; flex: none; inline-size: .375rem; block-size: .6875rem; margin: .3125rem .125rem 0;
  border: solid var(--edge); border-width: 0 2px 2px 0; transform: rotate(45deg);
}
.permissions summary { cursor: pointer }
.lost ul { padding-inline-start: 1.25rem; list-style: disc }
.lost li { display: list-item }
.lost li::before { content: none }
.actions + .details { margin-top: 1.5rem }
.apps .note { margin: 0 0 .375rem; font-size: .9375rem }
.device-facts { margin-top: .75rem }
.device-icon {
  display: grid; place-items: center; inline-size: 2.5rem; block-size: 2.5rem; border-radius: .625rem;
  background: var(--quiet); color: var(--soft);
}
.device-icon svg { fill: none; stroke: currentColor; stroke-width: 1.75; stroke-linecap: round; stroke-linejoin: round }
.badge {
  display: inline-block; padding: 0 .5rem; border: 1px solid var(--success-border); border-radius: 1rem;
  background: var(--success-ground); color: var(--success); font-size: .8125rem; font-weight: 600; white-space: nowrap;
}
.devices .secondary, .apps .secondary, .account-page main > .actions > * { inline-size: auto; justify-self: start }
.devices .secondary, .apps .secondary { min-block-size: 2.25rem; padding: .25rem .875rem; color: var(--danger); font-size: .875rem }
@media (forced-colors: active) {
  nav a[aria-current] { text-decoration: underline }
  .permissions li::before { border-color: CanvasText }
}
@media (max-width: 35rem) {
  nav ul { gap: .125rem }
  nav a { padding: .375rem .5rem; font-size: .875rem }
  .devices > li, .apps > li { grid-template-columns: auto minmax(0, 1fr); align-items: start }
  .devices .secondary, .apps .secondary { grid-column: 2 }
}
`
