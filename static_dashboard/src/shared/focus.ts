/** Where the keyboard is when the control that was pressed goes away. */

/** Moves the keyboard's place to an element, also to one that is no control. */
export function focusOn(element: Element | null | undefined): void {
  if (!(element instanceof HTMLElement)) return;
  if (!element.hasAttribute("tabindex")) element.tabIndex = -1;
  element.focus({ preventScroll: true });
}

/** As the `ref` of a control that goes once it was pressed: the part of the page that it stands in takes its place. */
export const handsFocusOn = (control: HTMLElement | null) => {
  const around = control?.parentElement?.closest("section, main");
  return () => {
    if (document.activeElement === control) focusOn(around);
  };
};
