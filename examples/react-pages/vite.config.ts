import { defineConfig } from 'vite'

export default defineConfig({
  build: {
    outDir: 'dist/client',
    rolldownOptions: { input: 'client.tsx', output: { entryFileNames: '[name].js' } },
  },
})
