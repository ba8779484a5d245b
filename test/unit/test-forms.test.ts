import { expect, test } from 'vitest'
import { formsIn } from '../../src/testing/forms.ts'

const fieldsIn = (content: string) => formsIn(`<form action="/x">${content}</form>`)[0]?.fields

test.each([
  ['<input name="a" value="&lt;1 &amp; &#39;2&#x27;&gt;">', { a: "<1 & '2'>" }],
  ["<input name='a' value='\"'>", { a: '"' }],
  ['<input type="checkbox" name="a" value="1" checked><input type="checkbox" name="b">', { a: '1' }],
  ['<input type="radio" name="a" value="1"><input type="radio" name="a" value="2" checked>', { a: '2' }],
  ['<input type="checkbox" name="a" checked>', { a: 'on' }],
  ['<input value="1">', {}],
])('a form with %s sends what a browser would', (content, fields) => {
  expect(fieldsIn(content)).toEqual(fields)
})

test('a form sends the inputs elsewhere on the page that name it', () => {
  const page =
    '<form id="one" action="/1"></form><input form="one" name="a" value="1"><form action="/2"></form>'
  expect(formsIn(page)).toEqual([
    { action: '/1', fields: { a: '1' } },
    { action: '/2', fields: {} },
  ])
})
