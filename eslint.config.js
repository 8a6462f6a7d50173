// One rule set for the whole tree, and a stricter one for the pure rooms: nothing there may touch the world.
import svelte from 'eslint-plugin-svelte'
import globals from 'globals'
import tseslint from 'typescript-eslint'

const WORLD = [
  'Date',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'process',
  'Buffer',
  'performance',
  'crypto',
  'console',
  'fetch',
  'window',
  'document',
  'globalThis',
]

export default tseslint.config(
  { ignores: ['out/', 'dist/', 'node_modules/', 'coverage/', 'test-results/'] },
  ...tseslint.configs.recommended,
  ...svelte.configs.recommended,
  {
    languageOptions: { globals: { ...globals.node, ...globals.browser } },
    rules: {
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      'max-lines': ['error', { max: 500 }],
      'no-empty': ['error', { allowEmptyCatch: false }],
      eqeqeq: 'error',
    },
  },
  {
    files: ['main/overlay/**/*.ts', 'main/chat/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', ...WORLD],
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'Take chance from the Random port.' },
      ],
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: ['node:*', 'electron', 'sodium-native', 'level', 'classic-level'],
              message: 'The pure rooms reach the world through ports/.',
            },
          ],
        },
      ],
    },
  },
  { files: ['**/*.cjs'], rules: { '@typescript-eslint/no-require-imports': 'off' } },
  {
    files: ['renderer/**/*.svelte', 'renderer/**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: tseslint.parser, extraFileExtensions: ['.svelte'] } },
    rules: {
      'svelte/no-at-html-tags': 'error',
      'prefer-const': 'off',
      'svelte/prefer-const': 'off',
      'svelte/prefer-svelte-reactivity': 'off',
    },
  },
)
