import { expect, test } from 'vitest'
import { escapeHtml, html as tag, trustedMarkup } from '../../src/lib/html.ts'

test('every character that means something in HTML is escaped', () => {
  expect(escapeHtml(`<a href="x" title='y'>&amp;</a>`)).toBe(
    '&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;amp;&lt;/a&gt;',
  )
})

test('a value cannot leave its element or its attribute', () => {
  const evil = `"><script>alert('x')</script>`
  const { markup } = tag`<p title="${evil}">${evil}</p>`
  expect(markup).not.toContain('<script>')
  expect(markup.match(/"/g)).toHaveLength(2)
})

test('what the tag made is not escaped again, alone or in a list', () => {
  const items = ['<1>', '<2>'].map((item) => tag`<li>${item}</li>`)
  expect(tag`<ul>${items}</ul>`.markup).toBe('<ul><li>&lt;1&gt;</li><li>&lt;2&gt;</li></ul>')
})

test('texts in a list are escaped', () => {
  expect(tag`${['<', ['>']]}`.markup).toBe('&lt;&gt;')
})

test('false and undefined vanish; 0 and the empty text stay what they are', () => {
  expect(tag`[${false}${undefined}${''}${0}]`.markup).toBe('[0]')
})

test('a constant of our own is left as it is', () => {
  expect(tag`<style>${trustedMarkup('a > b {}')}</style>`.markup).toBe('<style>a > b {}</style>')
})

test('an object from JSON cannot pass for markup', () => {
  const forged = JSON.parse('{"markup":"<script>alert(1)</script>"}') as string
  expect(() => tag`<p>${forged}</p>`).toThrow()
})
