// The sections in which a definition of each group is designed, and the keys of it that each shows.
import { accessSection } from "./access.js";
import { basicsSection } from "./basics.js";
import { fieldsSection } from "./fields.js";
import { flowSection } from "./flow.js";
import { domainSection, indicatorSection, roleSection, grantsSection } from "./others.js";
import { articlesSection, policySection } from "./policy.js";
import { previewSection } from "./preview.js";
import { noticesSection, printsSection, reportsSection, rulesSection } from "./rules.js";

const SECTIONS = {
  registers: [
    { code: "basics", icon: "id", keys: ["code", "label", "help", "domain", "position", "cite", "number", "title", "columns", "order", "excluded", "follows", "tickets_of", "append_only", ""], draw: basicsSection },
    { code: "fields", icon: "forms", keys: ["fields", "unique_together"], draw: fieldsSection },
    { code: "flow", icon: "git-branch", keys: ["workflow"], draw: flowSection },
    { code: "rules", icon: "clock-exclamation", keys: ["duties", "breaches", "counters", "refuse", "checks", "retention"], draw: rulesSection },
    { code: "access", icon: "shield-check", keys: ["access", "logged"], draw: accessSection },
    { code: "notices", icon: "bell", keys: [], draw: noticesSection },
    { code: "reports", icon: "report-analytics", keys: ["reports"], draw: reportsSection },
    { code: "prints", icon: "printer", keys: ["prints"], draw: printsSection },
    { code: "preview", icon: "eye", keys: [], draw: previewSection },
  ],
  policies: [
    { code: "policy", icon: "gavel", keys: ["policy", "label", "source", "effective", "adopt_from", "lost", ""], draw: policySection },
    { code: "articles", icon: "list-numbers", keys: ["articles"], draw: articlesSection },
  ],
  indicators: [{ code: "indicator", icon: "chart-line", keys: [""], draw: indicatorSection }],
  roles: [
    { code: "role", icon: "user-check", keys: [""], draw: roleSection },
    { code: "grants", icon: "shield-check", keys: [], draw: grantsSection },
  ],
  domains: [{ code: "domain", icon: "folders", keys: [""], draw: domainSection }],
};

/** The sections of a group of definitions. */
export const sectionsOf = (group) => SECTIONS[group];
