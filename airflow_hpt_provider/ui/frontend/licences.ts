/** A Vite plugin: writes the licences of all packages that are in the bundle beside it. */

/// <reference types="node" />
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import type { Plugin } from "vite";

const FILE = "THIRD-PARTY-LICENSES.txt";
const TEXT = /^(licen[cs]e|notice|copyright)/i;
/** Modules that the bundler itself puts into a bundle, such as `\0vite/preload-helper.js`. */
const HELPER = /^\0(vite|rolldown)\//;
const PACKAGE = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//;
/** What follows in the licence of Vite is about its own program, which is not in the bundle. */
const OF_THE_PROGRAM = /\n# Licenses of bundled dependencies[^]*/;
const RULE = "-".repeat(80);

export function licences(): Plugin {
  return {
    name: "licences",
    apply: "build",
    generateBundle(_, bundle) {
      const modules = Object.values(bundle).flatMap((file) => (file.type === "chunk" ? Object.keys(file.modules) : []));
      const folders = new Set(modules.map(folderOf).filter((folder) => folder !== null));
      const source = [...folders].sort().map(section).join("\n");
      this.emitFile({ type: "asset", fileName: FILE, source: `The tuning page contains these packages.\n\n${source}` });
    },
  };
}

/** The folder of the package that a module comes from; null if it is the page's own. */
export function folderOf(module: string): string | null {
  const helper = HELPER.exec(module);
  if (helper) return join(import.meta.dirname, "node_modules", helper[1] as string);
  return PACKAGE.exec(module)?.[1] ?? null;
}

function section(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const texts = [folder, join(folder, "licenses")].filter(existsSync).flatMap((place) =>
    readdirSync(place, { withFileTypes: true })
      .filter((file) => file.isFile() && TEXT.test(file.name))
      .map((file) => `${file.name}:\n\n${readFileSync(join(place, file.name), "utf8").replace(OF_THE_PROGRAM, "").trim()}\n`),
  );
  if (!texts.length) throw new Error(`${name} ${version} is in the bundle and has no licence text in ${folder}.`);
  return [RULE, `${name} ${version} (${license})`, RULE, ...texts].join("\n");
}
