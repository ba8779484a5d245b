/* The consent page, drawn in the browser. A real app draws it with React, Vue or Svelte. */
const page = await (await fetch('/oauth/page' + location.search)).json()
if (page.location) location.replace(page.location)
const element = (name, fields, ...children) => {
  const created = Object.assign(document.createElement(name), fields)
  created.append(...children)
  return created
}
const form = ({ action, hidden }, label) => {
  const inputs = Object.entries(hidden).map(([name, value]) =>
    element('input', { type: 'hidden', name, value }),
  )
  return element('form', { method: 'post', action }, ...inputs, element('button', {}, label))
}
const { client, scopes, approve, deny } = page.props
const texts = scopes.map(({ description }) => element('p', {}, description))
const heading = element('h1', {}, 'Connect ' + client.name + ' at ' + client.host + '?')
document.body.replaceChildren(heading, ...texts, form(approve, 'Allow'), form(deny, 'No'))
