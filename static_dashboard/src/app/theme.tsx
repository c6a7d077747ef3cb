/** Light or dark: as the system says, unless the person chose. */

import { FluentProvider, webDarkTheme, webLightTheme } from "@fluentui/react-components";
import { createContext, use, useEffect, useState, type ReactNode } from "react";

import { useMedia } from "../shared/media";

export type Choice = "system" | "light" | "dark";

const KEPT_AS = "theme";
const systemIsDark = window.matchMedia("(prefers-color-scheme: dark)");
const printing = window.matchMedia("print");

interface Theme {
  choice: Choice;
  dark: boolean;
  choose: (choice: Choice) => void;
}

const ThemeContext = createContext<Theme | null>(null);

export function ThemeProvider({ children }: { children: ReactNode }) {
  const system = useMedia(systemIsDark);
  const onPaper = useMedia(printing);
  const [choice, setChoice] = useState<Choice>(kept);
  // Browsers print no backgrounds: light letters would be lost on paper.
  const dark = !onPaper && (choice === "system" ? system : choice === "dark");
  useEffect(() => {
    // Scroll bars and form controls of the browser follow.
    document.documentElement.style.colorScheme = dark ? "dark" : "light";
    document.documentElement.dataset["theme"] = dark ? "dark" : "light";
  }, [dark]);
  const choose = (chosen: Choice) => {
    localStorage.setItem(KEPT_AS, chosen);
    setChoice(chosen);
  };
  return (
    <ThemeContext value={{ choice, dark, choose }}>
      <FluentProvider theme={dark ? webDarkTheme : webLightTheme}>{children}</FluentProvider>
    </ThemeContext>
  );
}

export function useTheme(): Theme {
  const theme = use(ThemeContext);
  if (!theme) throw new Error("useTheme outside of ThemeProvider");
  return theme;
}

function kept(): Choice {
  const found = localStorage.getItem(KEPT_AS);
  return found === "light" || found === "dark" ? found : "system";
}
