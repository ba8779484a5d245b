/** Express 4 is installed under another name, without types. What we use of it has the types of Express 5. */
declare module 'express4' {
  import express from 'express'

  export default express
}
