#pragma once
/* RB03xx: interpolation and Lua text. */

/* clang-format off */
#define RB_DIAG_CODES_TEXT(X)                                                              \
    X(301, RB_DIAG_ERROR, "`${{` without `}}`",                                            \
      "`${{` begins a Lua expression that ends at `}}`, and here the text ends first.\n"   \
      "Both must stand in the same value, and a quote that is opened in the expression\n"  \
      "must be closed before `}}`. Where the braces are meant as text, write `$${{`.\n"    \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    title: Release of ${{ params.version }\n"                                       \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    title: Release of ${{ params.version }}\n")                                     \
    X(302, RB_DIAG_ERROR, "no expression",                                                 \
      "A Lua expression belongs here, and there is none, or nothing but a comment. An\n"   \
      "empty expression has no value: it is not read as an empty text, because whoever\n"  \
      "wrote it meant something.\n"                                                        \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    title: Release of ${{ }}\n"                                                     \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    title: Release of ${{ params.version }}\n")                                     \
    X(303, RB_DIAG_ERROR, "Lua syntax",                                                    \
      "The text is not Lua from the marked place on. Expressions are found to be right\n"  \
      "or wrong before the run, so that none of them fails half way through a\n"           \
      "procedure. The usual causes are habits from other languages: Lua writes\n"          \
      "`a ~= b` for unequal, `not a`, `a and b`, `a or b`, and `..` to join texts.\n"      \
      "`when`, `check`, `gate`, `probe` and the values of `outputs` are Lua already\n"     \
      "and need no `${{ }}`.\n"                                                            \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    when: params.count != 0 && vars.ready\n"                                        \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    when: params.count ~= 0 and vars.ready\n")                                      \
    X(304, RB_DIAG_ERROR, "a value in a quoted here-document",                             \
      "A here-document whose delimiter is quoted (`<<'EOF'`) is handed on exactly as\n"    \
      "it is written: the shell replaces nothing in it, so a reference to a value\n"       \
      "would arrive as the text `${RB_1}`. Leave the delimiter unquoted and put a\n"       \
      "backslash before each `$` and backtick that is meant as text, or write `$${{`\n"    \
      "where the braces are.\n"                                                            \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    run: |\n"                                                                       \
      "      cat > app.conf <<'EOF'\n"                                                     \
      "      version = ${{ params.version }}\n"                                            \
      "      EOF\n"                                                                        \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    run: |\n"                                                                       \
      "      cat > app.conf <<EOF\n"                                                       \
      "      version = ${{ params.version }}\n"                                            \
      "      EOF\n")                                                                       \
    X(305, RB_DIAG_ERROR, "a value can't stand here",                                      \
      "A value is put into a script as a reference to a variable, and at this place\n"     \
      "the shell would not read one: a backslash or a `$` stands right before it and\n"    \
      "changes what it means, or it is the delimiter of a here-document, the variable\n"   \
      "of a `for`, or part of the name in a `${name}`. Put the value into a variable\n"    \
      "of the script first, or take the character before it away.\n"                       \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    run: for ${{ vars.name }} in a b; do echo \"$x\"; done\n"                       \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    run: for x in a b; do echo ${{ vars.name }} \"$x\"; done\n")                    \
    X(306, RB_DIAG_WARNING, "never closed in the script",                                  \
      "A quote, a bracket or a here-document is opened here, and the script ends\n"        \
      "before it is closed. Bash reads a script as it goes: it would run the commands\n"   \
      "before this place and only then fail. Often one quote is missing, or an\n"          \
      "apostrophe stands in a text that is in single quotes.\n"                            \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    run: echo 'it's done'\n"                                                        \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    run: echo \"it's done\"\n")                                                     \
    X(307, RB_DIAG_ERROR, "too deeply nested",                                             \
      "The quotes, brackets and substitutions of this script are nested more than a\n"     \
      "hundred levels deep, and where its values stand can't be told with certainty.\n"    \
      "Split the script: put parts of it into variables or into functions.\n"              \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    run: echo $(echo $(echo $(... a hundred more ... ${{ params.x }})))\n"          \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    run: |\n"                                                                       \
      "      inner=$(echo ${{ params.x }})\n"                                              \
      "      echo \"$inner\"\n")                                                           \
    X(308, RB_DIAG_ERROR, "a statement that would be refused",                             \
      "The statements of a step are one transaction, which is begun and committed for\n"   \
      "them, or with `transaction: false` each is one; each is one command. What a step\n" \
      "or a connection declares to be `read_only` begins with a word that the server\n"    \
      "holds to reading: `COPY`, which can write a file or start a program, `DO`,\n"       \
      "`CALL`, `NOTIFY` and the like are not held, and are not sent.\n"                    \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    sql: [begin, update a set b = 1, commit]\n"                                     \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    sql: update a set b = 1\n")
/* clang-format on */
