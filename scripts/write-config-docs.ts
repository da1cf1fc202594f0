import { writeFileSync } from 'node:fs';
import { renderConfigDocs } from '../src/config-docs.ts';

// Run from the project's root by `npm run docs:config`; a test fails when the page is older than the table.
writeFileSync('docs/configuration.md', renderConfigDocs());
