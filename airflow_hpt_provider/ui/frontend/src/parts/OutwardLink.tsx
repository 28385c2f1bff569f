/** A link that leads out of Airflow's frame. */

import type { ComponentChildren, TargetedMouseEvent } from "preact";

interface Props {
  href: string;
  title?: string;
  /** In a tab of its own, or in place of Airflow's page. */
  tab?: boolean;
  children: ComponentChildren;
}

export function OutwardLink({ href, title, tab = false, children }: Props) {
  return (
    <a class="button" href={href} title={title} target={tab ? "_blank" : "_top"} rel="noopener noreferrer" onClick={followOutside}>
      {children}
    </a>
  );
}

/**
 * Airflow's frame forbids its own links to open tabs (`sandbox` without `allow-popups`) and to leave the frame (without
 * `allow-top-navigation`), but not to use the document around it, which may do both.
 */
function followOutside(event: TargetedMouseEvent<HTMLAnchorElement>): void {
  const outer = outerDocument();
  if (!outer) return; // not in a frame: the link works as it is
  event.preventDefault();
  const { href, target, rel } = event.currentTarget;
  const link = Object.assign(outer.createElement("a"), { href, target, rel });
  outer.body.append(link);
  link.click();
  link.remove();
}

function outerDocument(): Document | null {
  try {
    return window.top && window.top !== window ? window.top.document : null;
  } catch {
    return null; // of another site
  }
}
