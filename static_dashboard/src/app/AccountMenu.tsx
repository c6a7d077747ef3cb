import { Button, Menu, MenuDivider, MenuGroup, MenuGroupHeader, MenuItem, MenuItemRadio, MenuList, MenuPopover, MenuTrigger } from "@fluentui/react-components";
import { PersonRegular } from "@fluentui/react-icons";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useLocation } from "wouter";

import { answerOf, api } from "../api/client";
import { useNotify } from "./notify";
import { usePerson } from "./session";
import { useTheme, type Choice } from "./theme";

/** Who one is, how the page looks, and the way out. Loaded, and then open, when somebody asks for it. */
export default function AccountMenu() {
  const person = usePerson();
  const theme = useTheme();
  const queries = useQueryClient();
  const notify = useNotify();
  const [, navigate] = useLocation();
  const signOut = useMutation({
    mutationFn: () => answerOf(api.POST("/api/logout")),
    onSuccess: () => {
      queries.clear();
      queries.setQueryData(["me"], null);
    },
    onError: (error) => notify({ intent: "error", title: "You are still signed in", body: error.message }),
  });
  return (
    <Menu
      defaultOpen
      checkedValues={{ theme: [theme.choice] }}
      onCheckedValueChange={(_, { checkedItems }) => theme.choose(checkedItems[0] as Choice)}
    >
      <MenuTrigger disableButtonEnhancement>
        <Button appearance="subtle" icon={<PersonRegular />} aria-label={`Account of ${person.name || person.email}`} />
      </MenuTrigger>
      <MenuPopover>
        <MenuList>
          <MenuGroup>
            <MenuGroupHeader>
              {person.email} · {person.role}
            </MenuGroupHeader>
            <MenuItem onClick={() => navigate("/account")}>Your account</MenuItem>
          </MenuGroup>
          <MenuDivider />
          <MenuGroup>
            <MenuGroupHeader>Look</MenuGroupHeader>
            <MenuItemRadio name="theme" value="system">
              As the system
            </MenuItemRadio>
            <MenuItemRadio name="theme" value="light">
              Light
            </MenuItemRadio>
            <MenuItemRadio name="theme" value="dark">
              Dark
            </MenuItemRadio>
          </MenuGroup>
          <MenuDivider />
          {person.kind === "session" && <MenuItem onClick={() => signOut.mutate()}>Sign out</MenuItem>}
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}
